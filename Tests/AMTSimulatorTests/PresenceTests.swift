import Foundation
import Glibc
import TestKit
import Testing

@testable import AMTSimulator

@Suite("A presence ping")
struct PresenceTests {
    static let ping: [UInt8] = [6, 0, 0, 6, 0, 0, 0x11, 0xBE, 0x80, 0x2A, 0, 0]

    @Test("brings tag, enterprise, port, version and state", arguments: Personality.all)
    func pong(personality: Personality) throws {
        let versions = [
            "3.2": 0x32, "7.1": 0x71, "9.1": 0x91, "11.8": 0xB8, "12.0": 0xC0, "15.0": 0xF0, "16.1": 0xF1, "18": 0xF0,
            "19": 0xF0,
        ]
        let fresh = try #require(Device(personality).firmware.pong(to: Self.ping))
        #expect(fresh[9] == 0x2A && fresh[12..<16].elementsEqual([0, 0, 1, 0x57]))
        #expect(fresh[16..<18].elementsEqual([0x42, 0x61]), "16993 in set-up")
        #expect(Int(fresh[18]) == versions[personality.name] && fresh[19] & 3 == 1 && fresh[21] & 0x20 != 0)
        let managed = try #require(try Device.provisioned(personality).firmware.pong(to: Self.ping))
        #expect(managed[19] & 3 == 2)
        #expect(managed[17] == (personality.servesPlain ? 0x60 : 0x61))
    }

    @Test("says both ports where TLS is on and plain connections are taken too")
    func bothPorts() throws {
        var device = try Device.provisioned()
        #expect(device.firmware.pong(to: Self.ping)?[19] == 2)
        device.firmware.committedTLS.remote.enabled = true
        #expect(device.firmware.pong(to: Self.ping)?[19] == 2)
        device.firmware.committedTLS.remote.acceptsPlain = true
        #expect(device.firmware.pong(to: Self.ping)?[19] == 6)
    }

    @Test("is not answered when switched off, before set-up, and when it is none")
    func silence() throws {
        var device = try Device.provisioned()
        #expect(device.firmware.pong(to: Array(Self.ping.dropLast())) == nil)
        for place in [0, 3, 6, 8] {
            var other = Self.ping
            other[place] ^= 1
            #expect(device.firmware.pong(to: other) == nil, "byte \(place)")
        }
        let off = "<h:RmcpPingResponseEnabled>false</h:RmcpPingResponseEnabled>"
        #expect(try device.put("AMT_GeneralSettings", off).status == 200)
        #expect(device.firmware.pong(to: Self.ping) == nil)
        device = Device()
        device.firmware.provisioningState = .pre
        #expect(device.firmware.pong(to: Self.ping) == nil)
    }

    @Test("is answered on UDP port 623 of a simulator that runs, or the port is left out with a message")
    func running() async throws {
        try await withBench(number: 90) { bench in try await Self.lowPorts(of: bench) }
    }

    private static func lowPorts(of bench: Bench) async throws {
        guard bench.simulator.printed.contains("listening on \(bench.address):623 (UDP)") else {
            #expect(bench.simulator.printed.contains("port 623 (UDP) is left out"))
            return
        }
        #expect(try ask(bench.address)?[9] == 0x2A)
        #expect(try await bench.post(Bench.get, as: .nothing, tls: false, port: 623).exit != 0, "set-up: closed")
        #expect(try await bench.post(Bench.get, as: .certificate("leaf"), port: 664).status == 200)
    }

    /// Sends the ping and waits five seconds at most for what comes back from there.
    static func ask(_ address: String, port: Int = 623) throws -> [UInt8]? {
        let socket = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, address, &target.sin_addr) == 1 else { throw Missing("an address") }
        // Connected, the socket takes nothing from any other address.
        let status = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, send(socket, ping, ping.count, 0) == ping.count else { throw Missing("a datagram sent") }
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 5000) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }
}
