import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The firmware forwards its ports to the host")
struct PortForwardingTests {
    private static let lme = bytes("dba43367 7604 7b4e b3af bcfc29bee7a7")
    private static let dog = bytes("6f9ab705 2846 7f4d 899d a91514cb32ab")

    private func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + Array(text.utf8) }
    private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) } }

    private var version: [UInt8] { [192] + word(1) + word(0) + word(254) + [UInt8](repeating: 0, count: 80) }

    private func open(_ port: UInt32, window: UInt32 = 1000, number: UInt32 = 7) -> [UInt8] {
        [90] + text("forwarded-tcpip") + word(number) + word(window) + word(.max) + text("127.0.0.1") + word(port)
            + text("127.0.0.1") + word(49152)
    }

    /// A session whose ports are forwarded.
    private func session(longest: Int = 8192) -> PortForwarding {
        var session = PortForwarding(name: "pc1.example.com", ports: [16992, 623], longestMessage: longest)
        _ = session.receive(version)
        _ = session.receive([6] + text("auth@amt.intel.com"))
        _ = session.receive([6] + text("pfwd@amt.intel.com"))
        return session
    }

    @Test("says what Intel's LMS waits for, in its order")
    func handshake() {
        var session = PortForwarding(name: "pc1.example.com", ports: [16992, 623], longestMessage: 8192)
        #expect(
            session.receive(version) == [
                .say([192] + word(1) + word(0) + word(254) + [UInt8](repeating: 0, count: 80)),
                .say([97] + word(0)), .say([5] + text("auth@amt.intel.com")),
            ])
        #expect(session.receive([6] + text("auth@amt.intel.com")) == [.say([5] + text("pfwd@amt.intel.com"))])
        let forwards = [16992, 623].map { port in
            PortForwarding.Effect.say(
                [80] + text("tcpip-forward") + [1] + text("pc1.example.com") + word(UInt32(port)))
        }
        #expect(session.receive([6] + text("pfwd@amt.intel.com")) == forwards)
        #expect(session.receive([81] + word(16992)) == [])
    }

    @Test("gives no more than the host takes, and says when it takes more")
    func window() {
        var session = session()
        #expect(
            session.receive(open(16992, window: 5)) == [
                .say([91] + word(7) + word(0) + word(4096) + word(.max)), .open(channel: 0, port: 16992),
            ])
        let data = [94] + word(0) + word(3) + [1, 2, 3]
        #expect(session.receive(data) == [.data(channel: 0, [1, 2, 3]), .say([93] + word(7) + word(3))])
        #expect(session.send([1, 2, 3, 4, 5, 6, 7], on: 0) == [.say([94] + word(7) + word(5) + [1, 2, 3, 4, 5])])
        #expect(session.end(0) == [], "something waits still")
        #expect(
            session.receive([93] + word(0) + word(9)) == [
                .say([94] + word(7) + word(2) + [6, 7]), .say([97] + word(7)),
            ])
        #expect(session.receive([97] + word(0)) == [], "it is closed")
        var small = self.session(longest: 12)
        _ = small.receive(open(16992))
        #expect(small.send([1, 2, 3, 4], on: 0).count == 2)
        #expect(small.receive([97] + word(0)) == [.say([97] + word(7)), .close(channel: 0)])
    }

    @Test("refuses what it does not forward, and a ninth channel")
    func refused() {
        var session = session()
        func refusal(_ reason: UInt32) -> [PortForwarding.Effect] {
            [.say([92] + word(7) + word(reason) + word(0) + word(0))]
        }
        #expect(session.receive(open(16993)) == refusal(2))
        #expect(session.receive([90] + text("direct-tcpip") + open(16992).dropFirst(20)) == refusal(3))
        for _ in 0..<8 { #expect(session.receive(open(16992)).count == 2) }
        #expect(session.receive(open(16992)) == refusal(4))
        for cut in 0..<open(16992).count { _ = session.receive(Array(open(16992).prefix(cut))) }
        #expect(session.receive([]) == [] && session.receive([94, 0]) == [])
    }

    @Test("forwards the ports that the firmware's settings ask for")
    func ports() {
        func ports(_ personality: Personality, _ local: SimulatedFirmware.TLSSettings) -> [UInt32] {
            var firmware = SimulatedFirmware(
                personality: personality, uuid: [UInt8](repeating: 1, count: 16), dnsSuffix: "a.test", trustedRoots: [],
                seed: 1, now: 0)
            firmware.committedTLS.local = local
            return firmware.forwardedPorts
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
        for (personality, on, off) in [("12.0", UInt8(1), UInt8(0)), ("16.1", 0x82, 0x80), ("19", 0xC2, 0xC0)] {
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
