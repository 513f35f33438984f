import AgentTestKit
import Foundation
import TestKit

/// What the simulator costs and gives: memory of idle devices, answers and handshakes a second on one core, hellos.
///
/// A second is one of the simulator's own use of its core, but for start and hellos, which the clock on the wall tells.
/// Clients are curl and OpenSSL on another core where there is one, so that their work is not the simulator's.
struct FleetBenchmark {
    static let devices = 10_000
    private let folder: String
    private let network: String
    private let address: String
    /// Apart from the standard ports, which other simulators of this machine may have.
    private let offset = 1000 + Int(ProcessInfo.processInfo.processIdentifier) % 14_000
    private let password = "B3nch-mark!"

    init(in folder: String) throws {
        self.folder = folder
        network = try loopbackNetwork()
        address = "\(network).1"
        try password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
    }

    func run() async throws {
        try await idle()
        try await answers()
        try await hellos()
    }

    /// Starts a fleet on one core; the body gets it when it is ready, with the seconds that took.
    private func withFleet(
        _ extra: [String], _ body: (RunningProgram, Double) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        let fleet = try RunningProgram(
            "/usr/bin/taskset",
            [
                "-c", "0", product("namesake-simulator"), "run", "--address", address, "--devices",
                "\(Self.devices)", "--port-offset", "\(offset)", "--control", "\(folder)/control",
            ] + extra)
        defer {
            fleet.signal(SIGTERM)
            _ = fleet.reap()
            for end in fleet.pipes { close(end) }
        }
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("ready") {
            let count = read(fleet.output, &buffer, buffer.count)
            guard count > 0 else { throw Unexpected("the fleet ended before it was ready: \(text)") }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        try await body(fleet, Self.seconds(since: start))
    }

    private func idle() async throws {
        try await withFleet([]) { fleet, start in
            let memory = try Self.residentKilobytes(fleet.process)
            say("fleet of \(Self.devices), start         \(Self.text(start, "s", 2))")
            say(
                "fleet, memory                    \(Self.text(memory / 1024, "MB", 0)), "
                    + "\(Self.text(memory / Double(Self.devices), "KB a device", 1))")
        }
    }

    /// Requests over one connection, requests that are challenged first, and full handshakes one after the other.
    private func answers() async throws {
        try await withFleet(["--provisioned", "\(folder)/password"]) { fleet, _ in
            let uri = "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings"
            let request =
                "<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\" "
                + "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
                + "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"><Header>"
                + "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action><a:To>/wsman</a:To>"
                + "<w:ResourceURI>\(uri)</w:ResourceURI><a:MessageID>1</a:MessageID></Header><Body/></Envelope>"
            try request.write(toFile: "\(folder)/request", atomically: true, encoding: .utf8)
            for (name, tls, port) in [("HTTP", false, 16992), ("TLS", true, 16993)] {
                let url = "\(tls ? "https" : "http")://\(address):\(port + offset)/wsman"
                let credentials = try await credentials(url)
                func kept() async throws -> Double {
                    try await rate(
                        8000, of: fleet.process, url, "header = \"\(credentials.replacing("\"", with: "\\\""))\"")
                }
                // A fleet makes key pairs ahead when it begins: the first run is not counted.
                if !tls { _ = try await kept() }
                say("answers, \(name), one connection   \(Self.text(try await kept(), "a second", 0))")
                // curl takes each transfer for a new client: a challenge, its end of the connection, a new one.
                let challenged = try await rate(2000, of: fleet.process, url, "digest\nuser = \"admin:\(password)\"")
                say("challenge and answer, \(name)      \(Self.text(challenged, "a second", 0))")
            }
            let before = try Self.processorSeconds(fleet.process)
            let shaken = try await TestKit.run(
                "/usr/bin/taskset",
                [
                    "-c", Self.clientCore, "/usr/bin/openssl", "s_time", "-connect", "\(address):\(16993 + offset)",
                    "-new", "-time", "5",
                ])
            guard let match = shaken.output.firstMatch(of: /(\d+) connections in \d+ real seconds/),
                let connections = Double(match.output.1)
            else { throw Unexpected(shaken.output) }
            let time = try Self.processorSeconds(fleet.process) - before
            say("full handshakes, RSA 2048        \(Self.text(connections / time, "a second", 0))")
        }
    }

    /// What curl answers to a challenge; said again and again, it keeps its connection.
    private func credentials(_ url: String) async throws -> String {
        try "digest\nuser = \"admin:\(password)\"\n".write(
            toFile: "\(folder)/user", atomically: true, encoding: .utf8)
        let told = try await TestKit.run(
            "/usr/bin/curl",
            [
                "--config", "\(folder)/user", "--silent", "--insecure", "--verbose", "--stderr", "-", "--data-binary",
                "@\(folder)/request", "--output", "/dev/null", url,
            ])
        guard let found = told.output.firstMatch(of: /> (Authorization: Digest [^\r\n]+)/) else {
            throw Unexpected("no credentials: \(told.output)")
        }
        return String(found.output.1)
    }

    /// How many answers curl gets for a second of the simulator's own time.
    private func rate(_ count: Int, of process: Int32, _ url: String, _ proof: String) async throws -> Double {
        // A fragment is not sent: it is there so that one process asks so many times.
        try """
        silent
        insecure
        \(proof)
        data-binary = "@\(folder)/request"
        output = "/dev/null"
        write-out = "%{http_code}\\n"
        url = "\(url)#[1-\(count)]"

        """.write(toFile: "\(folder)/curl", atomically: true, encoding: .utf8)
        let start = try Self.processorSeconds(process)
        let asked = try await TestKit.run(
            "/usr/bin/taskset", ["-c", Self.clientCore, "/usr/bin/curl", "--config", "\(folder)/curl"])
        let time = try Self.processorSeconds(process) - start
        let good = asked.output.components(separatedBy: "200\n").count - 1
        guard good == count else {
            throw Unexpected("\(good) of \(count) answers: \(asked.output.suffix(200))")
        }
        return Double(count) / time
    }

    private func hellos() async throws {
        let collector = try Collector(address: "\(network).250")
        let server = "\(network).250:\(collector.port)"
        let start = ContinuousClock.now
        try await withFleet(["--provision-server", server]) { _, ready in
            let from = collector.take(Self.devices)
            guard from == Self.devices else { throw Unexpected("\(from) hellos") }
            say(
                "hello storm, \(Self.devices) devices       "
                    + "\(Self.text(Self.seconds(since: start) - ready, "s after the start", 2))")
        }
    }

    private static let clientCore = ProcessInfo.processInfo.activeProcessorCount > 1 ? "1" : "0"

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let duration = (ContinuousClock.now - start).components
        return Double(duration.seconds) + Double(duration.attoseconds) / 1e18
    }

    private static func text(_ value: Double, _ unit: String, _ digits: Int) -> String {
        String(format: "%.\(digits)f ", value) + unit
    }

    /// What a process has used of its core: other work on the machine does not count.
    private static func processorSeconds(_ process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // After the name in brackets, the 12th and 13th field are ticks in user and kernel mode.
        let fields = text.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
        guard fields.count > 11 else { throw Unexpected("no times in /proc/\(process)/stat") }
        return (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory of a process, from the kernel's account of it.
    private static func residentKilobytes(_ process: Int32) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        guard let match = status.firstMatch(of: /VmRSS:\s+(\d+) kB/), let value = Double(match.output.1) else {
            throw Unexpected("no VmRSS in /proc/\(process)/status")
        }
        return value
    }
}

/// Takes connections and reads each to its end.
private final class Collector {
    let port: Int
    private let listener: CInt

    init(address text: String) throws {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, text, &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1024) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isOpen else { throw Unexpected("no port on \(text): \(String(cString: strerror(errno)))") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    /// How many of so many connections brought a hello of version 3.
    func take(_ count: Int) -> Int {
        var good = 0
        for _ in 0..<count {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let read = read(connection, &buffer, buffer.count), read > 0 { bytes += buffer.prefix(read) }
            close(connection)
            if bytes.count > 24, bytes[2] == 3 { good += 1 }
        }
        return good
    }
}
