import AgentTestKit
import Foundation
import Glibc
import TestKit
import Testing

@Suite(
    "namesake-agent local, on the simulator's device node", .timeLimit(.minutes(3)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct LocalTLSTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// No LMS runs there: the ports are of the range that nobody is given.
    private static let noLMS = ["--lms-port", "1", "--lms-tls-port", "1"]

    private func local(_ machine: SimulatedMachine, _ more: [String]) async throws -> RunningProgram.Ending {
        let ending = try await RunningProgram(
            Agent.path, ["local", "--device", machine.device, "--name", SimulatedMachine.name] + more
        ).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return ending
    }

    /// A root that signed nothing of the machine's.
    private func foreignRoot() async throws -> String {
        let path = folder.path + "/foreign.pem"
        let made = try await RunningProgram(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "1", "-subj",
                "/OU=ODCA 2 CSME P_SIMULATED/CN=www.intel.com", "-keyout", folder.path + "/foreign.key", "-out", path,
            ]
        ).ending()
        #expect(made.status == 0)
        return path
    }

    @Test(
        "reads names, TLS and certificate as the local system account, through port forwarding",
        arguments: ["7.1", "12.0", "16.1"])
    func plain(personality: String) async throws {
        try await withMachine(personality) { machine in
            try await machine.control(#"{"do":"setHostOSFQDN","value":"pc2.corp.example.test"}"#)
            let ending = try await local(machine, Self.noLMS + ["--json"])
            #expect(ending.status == 0, "\(ending)")
            try await Schemas.check(ending.output, "local", in: folder)
            let fields = try Agent.fields(ending.output)
            #expect(fields["hostName"] == "pc1")
            #expect(fields["domainName"] == "corp.example.test")
            #expect(fields["hostOSFQDN"] == "pc2.corp.example.test")
            #expect(fields["way"] == "lme")
            #expect(fields["believedBy"] == nil)
            let requests = try machine.requests
            #expect(requests.filter { $0.contains("\"status\":401") }.count == 1, "one challenge serves all requests")
            #expect(requests.filter { $0.contains("$$OsAdmin") }.count == requests.count - 1)
            #expect(!requests.contains { $0.contains("Put") || $0.contains("Create") }, "it only reads")
        }
    }

    @Test("speaks TLS where the firmware's local ports speak that alone, and says by what it is believed")
    func onDie() async throws {
        let root = folder.path + "/root.pem"
        try await withMachine("19", ["--on-die-root", root]) { machine in
            let unrooted = try await local(machine, Self.noLMS + ["--json"])
            #expect(unrooted.status == 0, "\(unrooted)")
            try await Schemas.check(unrooted.output, "local", in: folder)
            #expect(try Agent.fields(unrooted.output)["believedBy"] == "on-die-chain")
            let rooted = try await local(machine, Self.noLMS + ["--json", "--on-die-roots", root])
            #expect(try Agent.fields(rooted.output)["believedBy"] == "on-die-root")
            let settings = try folder.write("agent.json", "{\"onDieRoots\":\"\(root)\"}")
            let configured = try await local(machine, Self.noLMS + ["--json", "--configuration", settings])
            #expect(try Agent.fields(configured.output)["believedBy"] == "on-die-root")
            let people = try await local(machine, Self.noLMS)
            #expect(people.output.contains("by TLS, believed by on-die-chain"))
            #expect(people.output.contains("certificate                   its own, without a name of this machine"))
        }
    }

    @Test("tells a firmware that is not believed nothing at all, unless its key is the pinned one")
    func pinned() async throws {
        try await withMachine("19") { machine in
            let roots = Self.noLMS + ["--on-die-roots", try await foreignRoot()]
            let refused = try await local(machine, roots + ["--json"])
            #expect(refused.status == 13, "\(refused)")
            try await Schemas.check(refused.output, "local", in: folder)
            #expect(refused.complaints.contains("none of the roots that are configured"))
            #expect(try machine.requests.isEmpty, "nothing was asked")
            let key = try #require(refused.complaints.firstMatch(of: /key: ([0-9a-f]{64})/)?.output.1)
            let believed = try await local(machine, roots + ["--json", "--pin", String(key)])
            #expect(try Agent.fields(believed.output)["believedBy"] == "pin", "\(believed)")
            let other = try await local(machine, roots + ["--pin", String(repeating: "0", count: 64)])
            #expect(other.status == 13)
            #expect(other.complaints.contains("not the pinned one"))
            #expect(try await local(machine, ["--pin", "12"]).status == 64)
        }
    }

    @Test("believes by TCP only what a root or a pin vouches for: anybody may pose as Intel's service there")
    func byTCP() async throws {
        let root = folder.path + "/root.pem"
        try await withMachine("16.1", ["--on-die-root", root]) { machine in
            // The network's port presents the same chain, and refuses the local system account.
            let relay = try Relay(to: machine.address, 16993)
            let ports = ["--lms-port", "1", "--lms-tls-port", "\(relay.port)"]
            let refused = try await local(machine, ports)
            #expect(refused.status == 13, "\(refused)")
            #expect(refused.complaints.contains("leads to no root that is configured"))
            #expect(try machine.requests.isEmpty, "nothing was asked")
            let rooted = try await local(machine, ports + ["--on-die-roots", root])
            #expect(rooted.status == 13)
            #expect(rooted.complaints.contains("refused the account"), "\(rooted)")
            #expect(try machine.requests.count == 2, "one challenge, one answer, no loop")
        }
    }

    @Test(
        "passes over a listener that belongs to neither root nor this user",
        .enabled(if: geteuid() == 0, "starting one as another user needs root"))
    func foreignListener() async throws {
        let server = """
            import socket, sys
            listener = socket.create_server(("127.0.0.1", 0))
            print(listener.getsockname()[1], flush=True)
            while True:
                peer = listener.accept()[0]
                heard = peer.recv(1)
                print("heard" if heard else "nothing", flush=True)
                peer.close()
            """
        let listener = try RunningProgram(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-c", server])
        defer { listener.signal(SIGKILL) }
        var lines = LineReader(listener.pipes[0])
        let first = lines.next()
        let port = try #require(first)
        try await withMachine { machine in
            let ending = try await local(machine, ["--lms-port", port, "--lms-tls-port", "1"])
            #expect(ending.status == 0, "\(ending)")
            #expect(ending.output.contains("the firmware's port forwarding client"))
            let heard = lines.next()
            #expect(heard == "nothing", "not a byte went to it")
        }
    }

    @Test("status tells what the firmware's own WS-Man says too, and goes on without")
    func status() async throws {
        try await withMachine { machine in
            try await machine.control(#"{"do":"setHostOSFQDN","value":"pc2.corp.example.test"}"#)
            let ending = try await machine.agent("status", "--name", SimulatedMachine.name, "--json", "--no-dns")
            #expect(ending.status == 0, "\(ending)")
            try await Schemas.check(ending.output, "status", in: folder)
            #expect(ending.output.contains("\"facet\": \"host-os-fqdn\""))
            #expect(ending.output.contains("\"name\": \"pc2.corp.example.test\""))
            #expect(ending.output.contains("\"facet\": \"certificate\""))
            let people = try await machine.agent("status", "--name", SimulatedMachine.name, "--no-dns")
            #expect(people.output.contains("for the system's name  pc2.corp.example.test"))
            let without = try await machine.agent("status", "--name", SimulatedMachine.name, "--no-dns", "--no-local")
            #expect(without.status == 0)
            #expect(!without.output.contains("for the system's name"))
        }
    }
}

/// Lines of a pipe, each when it has come.
struct LineReader {
    private let descriptor: Int32
    private var rest: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    mutating func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: 10) {
                defer { rest.removeFirst(end + 1) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            rest += buffer.prefix(count)
        }
    }
}

/// A port of 127.0.0.1 whose connections go on to another address, as Intel's service's go on to the firmware.
final class Relay: Sendable {
    let port: UInt16
    private let listener: Int32

    init(to host: String, _ target: UInt16) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var own = Self.address("127.0.0.1", 0)
        let bound = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw Trouble("relay: \(errno)") }
        port = UInt16(bigEndian: own.sin_port)
        try onThread {
            while true {
                let near = accept(listener, nil, nil)
                guard near >= 0 else { return }
                let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                var there = Self.address(host, target)
                _ = withUnsafePointer(to: &there) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(far, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                Self.pump(near, far)
                close(near)
                close(far)
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return address
    }

    /// Until either side closes.
    private static func pump(_ one: Int32, _ other: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            var entries = [one, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 30_000) > 0 else { return }
            for (entry, target) in zip(entries, [other, one]) where entry.revents != 0 {
                let count = recv(entry.fd, &buffer, buffer.count, 0)
                guard count > 0, send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }
}
