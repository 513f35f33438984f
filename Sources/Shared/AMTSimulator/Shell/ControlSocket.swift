import Crypto
import Foundation
package import NIOCore
import NIOPosix
import X509

/// A Unix socket on which tests steer the simulator and look into it: one JSON object a line, answered by one.
package final class ControlSocket: Sendable {
    private let console: Console
    private let group: any EventLoopGroup

    package init(_ console: Console, group: any EventLoopGroup) {
        self.console = console
        self.group = group
    }

    package func start(path: String) async throws -> any Channel {
        do {
            return try await bind(path)
        } catch {
            throw SimulationFault("the control socket \(path) cannot be made: \(error)", exitCode: 73)
        }
    }

    private func bind(_ path: String) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { [console] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ControlHandler(console))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }
}

private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let console: Console
    private var collected = Data()

    init(_ console: Console) { self.console = console }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        collected += Data(unwrapInboundIn(data).readableBytesView)
        while let end = collected.firstIndex(of: 0x0A) {
            let line = Data(collected[..<end])
            collected = Data(collected[collected.index(after: end)...])
            let channel = context.channel
            let console = console
            Task {
                let answer = await ControlCommand(line).run(on: console)
                try? await channel.writeAndFlush(ByteBuffer(bytes: answer + Data([0x0A])))
            }
        }
    }
}

/// One line of the control socket.
struct ControlCommand: Sendable {
    struct Fields: Decodable {
        var `do`: String
        var phase: String?
        var request: Int?
        var method: String?
        var kind: String?
        var value: String?
        var times: Int?
        var on: Bool?
        var lost: Bool?
        /// Which device of a fleet: its number, address or UUID.
        var device: String?
        var seconds: Double?
        var from: Int?
    }

    let fields: Fields?

    init(_ line: Data) { fields = try? JSONDecoder().decode(Fields.self, from: line) }

    func run(on console: Console) async -> Data {
        guard let fields else { return json(["error": "not a JSON object with 'do'"]) }
        guard let host = console.device(fields.device) else {
            return json(["error": "there is no device \(fields.device ?? "")"])
        }
        if let answer = await network(fields, host, console) { return answer }
        if let answer = hostSide(fields, host) { return answer }
        switch fields.do {
        case "state":
            do {
                let served = Array(SHA256.hash(data: try host.servedIdentity().certificate)).hexadecimal
                return json(host.with { Self.describe($0) }.merging(["served": served]) { $1 })
            } catch { return json(["error": "the device has no certificate: \(error)"]) }
        case "hold":
            guard let phase = fields.phase, ["before", "after"].contains(phase) else {
                return json(["error": "phase is before or after"])
            }
            host.with { state in
                state.holds.append(
                    Mishap(kind: phase, request: fields.request.map { state.authorized + $0 }, method: fields.method))
            }
        case "awaitHeld": return json(["held": await host.awaitHeld()])
        case "release": return json(["released": host.release(losing: fields.lost ?? false)])
        case "setHostOSFQDN": host.with { $0.firmware.names.hostOSFQDN = fields.value ?? "" }
        case "swapBoard":
            host.with { state in
                let family = state.firmware.onDie.family
                state.firmware.onDie = OnDieAuthority(family: family, processor: "another: \(fields.value ?? "")")
            }
        case "setDigestPassword":
            // As if somebody else had changed it: the stored hash of the named user no longer fits.
            host.with { state in
                for place in state.firmware.accounts.entries.indices
                where state.firmware.accounts.entries[place].name == fields.value {
                    state.firmware.accounts.entries[place].a1 = [UInt8](repeating: 0, count: 16)
                }
            }
        case "clientMode": host.with { $0.firmware.controlMode = 1 }
        case "resetCounters":
            host.with { state in
                state.requests = 0
                state.handshakes = 0
            }
        default: return json(["error": "no such command: \(fields.do)"])
        }
        return json(["ok": true])
    }

    private static func describe(_ state: FirmwareHost.State) -> [String: any Sendable] {
        let firmware = state.firmware
        let users = firmware.accounts.entries.map { entry -> [String: any Sendable] in
            ["handle": entry.handle, "name": entry.name, "access": entry.access, "realms": entry.realms]
        }
        let certificates = firmware.store.certificates.sorted { $0.key < $1.key }.map {
            handle, stored -> [String: any Sendable] in
            [
                "id": AMT_PublicKeyCertificate.instanceID(handle), "subject": "\(stored.certificate.subject)",
                "sha256": Array(SHA256.hash(data: stored.der)).hexadecimal,
            ]
        }
        return [
            "provisioningState": firmware.provisioningState.rawValue, "controlMode": firmware.controlMode,
            "hostName": firmware.names.hostName, "domainName": firmware.names.domainName,
            "hostOSFQDN": firmware.names.hostOSFQDN, "users": users, "certificates": certificates,
            "keys": firmware.store.keys.keys.sorted().map { AMT_PublicPrivateKeyPair.instanceID($0) },
            "tlsContext": firmware.committedTLS.certificate.map { AMT_PublicKeyCertificate.instanceID($0) } ?? "",
            "tlsEnabled": firmware.committedTLS.remote.enabled, "helloCount": state.hellos,
            "requests": state.requests, "handshakes": state.handshakes, "commits": firmware.commits,
            "isTimeValid": firmware.isTimeValid, "powerState": firmware.machine.powerState,
            "mebxPassword": firmware.host.mebxPassword?.hexadecimal ?? "", "setUpEnds": firmware.setUpEnds ?? 0,
            "bootedFrom": firmware.machine.bootedFrom ?? "",
            "trustedRoots": firmware.trustedRoots.map(\.hexadecimal),
            // What is kept of admin's password, once more hashed: it tells whether it is the same.
            "admin": firmware.accounts.adminA1.map { Array(SHA256.hash(data: $0)).hexadecimal } ?? "",
        ]
    }

    func json(_ value: [String: any Sendable]) -> Data {
        (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])) ?? Data("{}".utf8)
    }
}
