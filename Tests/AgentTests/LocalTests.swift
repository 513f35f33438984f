import AgentTestKit
import Foundation
import Glibc
import Testing

@Suite(
    "namesake-agent local, on a device node", .timeLimit(.minutes(2)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct LocalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The captured answer to a Get of AMT_GeneralSettings, with names in it.
    private static let capture: [UInt8]? = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../shared/vectors/wsman/go-wsman-messages/responses/amt/general/get.xml")
            .standardizedFileURL
        guard var text = try? String(contentsOf: path, encoding: .utf8) else { return nil }
        for (tag, value) in [("HostName", "pc1"), ("DomainName", "example.com"), ("HostOSFQDN", "pc2.example.com")] {
            guard let start = text.firstRange(of: "<g:\(tag)>"), let end = text.firstRange(of: "</g:\(tag)>") else {
                guard let empty = text.firstRange(of: "<g:\(tag)/>") ?? text.firstRange(of: "</g:AMT_GeneralSettings>")
                else { return nil }
                text.insert(contentsOf: "<g:\(tag)>\(value)</g:\(tag)>", at: empty.lowerBound)
                continue
            }
            text.replaceSubrange(start.upperBound..<end.lowerBound, with: value)
        }
        return Array(text.utf8)
    }()

    private static let present = capture != nil
    private static let note: Comment = "skipped: the captured vectors are not beside this checkout (../shared/vectors)"

    /// A port of 127.0.0.1 on which nobody listens, or a listener of the test does.
    private func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard outcome == 0 else { throw Trouble("bind: \(errno)") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private func run(_ firmware: PortForwardingFirmware, _ more: [String]) async throws -> RunningProgram.Ending {
        let device = try firmware.mount(in: TemporaryFolder())
        defer { firmware.unmount() }
        // Bound and not listened on: connections are refused, and nobody else gets the port meanwhile.
        let (descriptor, port) = try listener()
        defer { close(descriptor) }
        let ending = try await RunningProgram(
            Agent.path, ["local", "--device", device, "--lms-port", "\(port)"] + more
        ).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return ending
    }

    @Test(
        "reads names apart through the port forwarding client, as the local system account", .enabled(if: present, note)
    )
    func throughForwarding() async throws {
        let firmware = PortForwardingFirmware(ports: [623, 16992], document: Self.capture ?? [])
        let ending = try await run(firmware, ["--json"])
        #expect(ending.status == 0, "\(ending)")
        try await Schemas.check(ending.output, "local", in: folder)
        let fields = try Agent.fields(ending.output)
        #expect(fields["hostName"] == "pc1")
        #expect(fields["domainName"] == "example.com")
        #expect(fields["hostOSFQDN"] == "pc2.example.com")
        #expect(firmware.sessions == 4, "one to be challenged, one for each of three questions")
        #expect(Set(firmware.authorizations.compactMap { $0.firstMatch(of: /nc=(\d+)/)?.output.1 }).count == 3)
        let authorization = try #require(firmware.authorizations.first)
        #expect(authorization.contains(#"username="$$OsAdmin",realm="Digest:A4070000000000000000000000000000""#))
        let text = try await run(
            PortForwardingFirmware(ports: [16992, 623], document: Self.capture ?? [], grant: 4096), [])
        #expect(text.output.contains("host name                     pc1\n"))
    }

    @Test(
        "says so where the firmware's answer is none")
    func refused() async throws {
        let bad = try await run(PortForwardingFirmware(ports: [16992], document: Array("<a/>".utf8)), ["--json"])
        #expect(bad.status == 13)
        try await Schemas.check(bad.output, "local", in: folder)
    }

    @Test("goes through Intel's service where that listens, and leaves its client alone", .enabled(if: present, note))
    func throughService() async throws {
        let firmware = PortForwardingFirmware(ports: [16992], document: [])
        let device = try firmware.mount(in: TemporaryFolder())
        defer { firmware.unmount() }
        let (descriptor, port) = try listener()
        defer { shutdown(descriptor, Int32(SHUT_RDWR)) }
        guard listen(descriptor, 4) == 0 else { throw Trouble("listen: \(errno)") }
        let document = Self.capture ?? []
        try onThread {
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { return }
                var buffer = [UInt8](repeating: 0, count: 65_536)
                _ = recv(peer, &buffer, buffer.count, 0)
                let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: \(document.count)\r\n\r\n".utf8) + document
                _ = send(peer, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(peer)
            }
        }
        let ending = try await RunningProgram(
            Agent.path, ["local", "--device", device, "--lms-port", "\(port)"]
        ).ending()
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("pc2.example.com"))
        #expect(firmware.sessions == 0)
    }
}
