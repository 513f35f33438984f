import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The firmware forwards its ports to the host", .serialized)
struct PortForwardingTests {
    private static let lme = bytes("dba43367 7604 7b4e b3af bcfc29bee7a7")
    private static let dog = bytes("6f9ab705 2846 7f4d 899d a91514cb32ab")

    @Test("forwards the ports that the firmware's settings ask for")
    func ports() {
        func ports(_ personality: Personality, _ local: SimulatedFirmware.TLSSettings) -> [UInt32] {
            var firmware = SimulatedFirmware(
                personality: personality, uuid: [UInt8](repeating: 1, count: 16), dnsSuffix: "a.test", trustedRoots: [],
                seed: 1, now: 0)
            firmware.committedTLS.local = local
            return firmware.localPorts
        }
        #expect(ports(.amt12, .init(acceptsPlain: true)) == [16992, 623])
        #expect(ports(.amt12, .init(enabled: true, acceptsPlain: true)) == [16992, 623, 16993, 664])
        #expect(ports(.amt12, .init(enabled: true)) == [16993, 664])
        #expect(ports(.amt19, .init(acceptsPlain: true)) == [16993, 664])
    }

    /// Connects to a client of a running simulator's socket.
    private func connect(_ folder: String, _ client: [UInt8]) throws -> (PacketSocket, [UInt8]) {
        let socket = try PacketSocket("\(folder)/mei")
        return (socket, socket.ask(client))
    }

    @Test("old firmware has room for one session, newer for more", arguments: [("7.1", UInt8(16)), ("12.0", 0)])
    func alone(personality: String, second: UInt8) async throws {
        try await withTemporaryFolder { folder in
            try await withBench(number: 121, ["--host-socket", "\(folder)/mei", "--personality", personality]) { _ in
                let first = try connect(folder, Self.lme)
                #expect(
                    Array(first.1.prefix(4)) == [0, 0, 0, 0] && first.1[4...7] == [0, 32, 0, 0] && first.1[8] == 4)
                #expect(try connect(folder, Self.lme).1.first == second)
                withExtendedLifetime(first.0) {}
            }
        }
    }

    @Test("the watchdog tells whether AMT is on, which without it nobody does")
    func watchdog() async throws {
        for (personality, on, off) in [("12.0", UInt8(0), UInt8(0)), ("16.1", 0x82, 0x80), ("19", 0xC2, 0xC0)] {
            try await withTemporaryFolder { folder in
                let extra = [
                    "--host-socket", "\(folder)/mei", "--personality", personality,
                ]
                try await withBench(number: 122, extra) { bench in
                    let (before, _) = try connect(folder, Self.dog)
                    #expect(before.ask([5, 2, 0x51, 0x10]) == [on])
                    let said = try await run(
                        "namesake-simulator", ["control", "\(bench.folder)/control", #"{"do":"amtDisabled"}"#])
                    #expect(said.output.contains("true"))
                    let (after, _) = try connect(folder, Self.dog)
                    #expect(after.ask([5, 2, 0x51, 0x10]) == [off])
                    for client in [Self.lme, bytes("2800f812b7b42d4baca846e0ff65814c")] {
                        #expect(try connect(folder, client).1.first == 25, "ENOTTY")
                    }
                }
            }
        }
    }

    @Test("the local system account logs on that way and no other, by TLS where that is demanded")
    func account() async throws {
        try await withTemporaryFolder { folder in
            let root = "\(folder)/root.pem"
            let extra = [
                "--host-socket", "\(folder)/mei", "--personality", "19", "--on-die-root", root,
            ]
            try await withBench(number: 123, extra) { _ in
                let local = try await run(
                    "namesake-agent-local",
                    [
                        "local", "--json", "--device", "unix:\(folder)/mei", "--name", "pc1.example.com",
                        "--on-die-roots",
                        root, "--lms-port", "1", "--lms-tls-port", "1",
                    ])
                #expect(local.status == 0, "\(local.output)")
                #expect(local.output.contains("\"believedBy\": \"on-die-root\""))
            }
        }
    }
}
