import AgentTestKit
import CCurlLoop
import Foundation
import TestKit

/// What the engine costs: hellos a second, a thousand jobs at once, memory of a running job, growth with the store.
struct EngineBenchmark {
    private let folder: String
    private let network: String
    private let jobs: Int

    /// How many machines are set up at once is the caller's to say: a thousand take minutes.
    ///
    /// - Throws: ``Unexpected`` without a free loopback network.
    init(in folder: String, jobs: Int = 1000) throws {
        self.folder = folder
        self.jobs = jobs
        network = try loopbackNetwork()
    }

    /// For another benchmark that needs its parts.
    init(in folder: String, network: String) throws {
        (self.folder, self.network, jobs) = (folder, network, 0)
    }

    func run() async throws {
        try await jobsAtOnce()
        try await hellos()
    }

    // MARK: jobs

    /// From the first hello to managed: one device alone, then a thousand at once, answers taking as long as in life.
    private func jobsAtOnce() async throws {
        let alone = try await provision(devices: 1, number: 40)
        say("provisioning, one device         \(Self.text(alone.time, "s", 1)), latency as in life")
        let count = jobs
        let many = try await provision(devices: count, number: 42)
        // Both run on the same processors here: what they compute is time that no job can be spared.
        let computing = (many.cpu + many.simulatorCPU) / Double(Self.cores)
        let aim = 1.1 * (alone.time + computing)
        say(
            "provisioning, \(count) at once       \(Self.text(many.time, "s", 1)); aim "
                + "\(Self.text(aim, "s", 1)): 1.1 times one device's and the \(Self.text(computing, "s", 1)) that "
                + "\(Self.cores) cores compute for all; \(Self.text(many.time / aim, "of it", 2))")
        say(
            "  server's CPU a job             \(Self.text(many.cpu / Double(count) * 1000, "ms", 1)), simulator's "
                + Self.text(many.simulatorCPU / Double(count) * 1000, "ms", 1))
        let least = try await leastCPU(alone.lengths, handshakes: alone.handshakes)
        say(
            "  a loop in C over libcurl       \(Self.text(least.cpu * 1000, "ms", 1)) for the same \(alone.lengths.count) "
                + "requests and lengths, \(least.handshakes) of \(alone.handshakes) handshakes: the server takes "
                + Self.text(many.cpu / Double(count) / least.cpu, "times that (aim 1.5)", 2))
        let durable = try leastDurable()
        say(
            "  and \(Self.commits) commits of SQLite in C   \(Self.text(durable * 1000, "ms", 1)) more: the server takes "
                + Self.text(many.cpu / Double(count) / (least.cpu + durable), "times both", 2))
        say(
            "  server's memory a running job  "
                + Self.text((many.peak - many.idle) / Double(count), "KB over the idle server (aim 200)", 0))
    }

    struct Outcome {
        var time, cpu, simulatorCPU, idle, peak: Double
        var handshakes: Int
        /// Of the bodies of all requests, where there is one device.
        var lengths: [Int]
    }

    /// Sets up so many simulated devices, with answers that take as long as in life, by the server of this number, which
    /// has a folder already unless it is new; their addresses begin with the fleet's number, or the one after the server's.
    func provision(devices: Int, number: Int, from fleetNumber: Int? = nil, isNew: Bool = true) async throws -> Outcome
    {
        let server = try await startServer(number, jobsAtOnce: devices, isNew: isNew)
        if !isNew { try await Self.settled(server.process) }
        let idle = try Self.memory(server.process, "VmRSS")
        let before = try Self.cpu(server.process)
        let start = ContinuousClock.now
        let fleet = try RunningProgram(
            product("namesake-simulator"),
            [
                "run", "--address", "\(network).\(fleetNumber ?? number + 1)", "--devices", "\(devices)", "--latency",
                "realistic", "--control", "\(folder)/\(number)/control", "--dns-suffix", Site.domain, "--trust-root",
                "\(folder)/\(number)/provisioning-root.pem",
                "--provision-server", "\(network).\(number):9971", "--seed", "\(fleetNumber ?? number)",
            ] + (devices == 1 ? ["--request-log", "\(folder)/requests"] : []))
        defer { Self.end(fleet) }
        var managed = 0
        while managed < devices {
            // Between two looks, which share the processors with what is measured.
            try await Task.sleep(for: .milliseconds(250))
            // By its log: asking the server would be among what it computes.
            let log = try String(contentsOfFile: "\(folder)/\(number)/log", encoding: .utf8)
            managed = log.components(separatedBy: "] job done").count - 1
            if let failed = log.split(separator: "\n").first(where: { $0.contains("] job failed") }) {
                throw Unexpected(String(failed))
            }
            guard ContinuousClock.now - start < .seconds(600) else { throw Unexpected("\(managed) of \(devices)") }
        }
        let state = try Self.object(
            try await TestKit.run(
                "namesake-simulator", ["control", "\(folder)/\(number)/control", #"{"do":"state"}"#]
            ).output)
        let outcome = Outcome(
            time: Self.seconds(since: start), cpu: try Self.cpu(server.process) - before,
            simulatorCPU: try Self.cpu(fleet.process), idle: idle, peak: try Self.memory(server.process, "VmHWM"),
            handshakes: state["handshakes"] as? Int ?? 0,
            lengths: devices == 1 ? try Self.lengths("\(folder)/requests") : [])
        Self.end(server)
        return outcome
    }

    private static func lengths(_ log: String) throws -> [Int] {
        try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map {
            try object(String($0))["bytes"] as? Int ?? 0
        }
    }

    /// Seconds of CPU that a job's requests cost the least that a client in C can be, on average of a hundred.
    ///
    /// The loop is challenged once on each of its connections, and those requests are among the job's.
    private func leastCPU(_ lengths: [Int], handshakes: Int) async throws -> (cpu: Double, handshakes: Int) {
        let address = "\(network).46"
        try "P@ssw0rd\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
        let device = try RunningProgram(
            product("namesake-simulator"),
            ["run", "--address", address, "--uuid", Site.machine, "--provisioned", "\(folder)/password"])
        defer { Self.end(device) }
        let url = "https://\(address):16993/wsman"
        let connections = max(1, handshakes / 2)
        let body = Self.get + String(repeating: " ", count: max(0, (lengths.max() ?? 0) - Self.get.utf8.count))
        let wanted = lengths.dropFirst(connections).map { max($0, Self.get.utf8.count) }
        func loop(_ lengths: [Int], _ connections: Int) -> Int {
            Int(house_curl_loop(url, "admin:P@ssw0rd", body, lengths, CInt(lengths.count), CInt(connections)))
        }
        let start = ContinuousClock.now
        while loop([Self.get.utf8.count], 1) != 1 {
            guard ContinuousClock.now - start < .seconds(30) else { throw Unexpected("\(url) does not answer") }
        }
        let before = Self.ownCPU()
        for _ in 0..<100 {
            guard loop(wanted, connections) == wanted.count else { throw Unexpected("the loop in C was refused") }
        }
        return ((Self.ownCPU() - before) / 100, 2 * connections)
    }

    /// Transactions of one set-up, each on the disk before the job goes on, counted by strace.
    ///
    /// Sixteen of the journal, claim and end of the job, its record, its secrets.
    private static let commits = 33

    /// Seconds of CPU that as many transactions cost in C, on average of twenty jobs.
    private func leastDurable() throws -> Double {
        let before = Self.ownCPU()
        let count = CInt(20 * Self.commits)
        guard house_sqlite_loop("\(folder)/least.sqlite", count, 800) == count else {
            throw Unexpected("the loop in C cannot write")
        }
        return (Self.ownCPU() - before) / 20
    }

    private static func ownCPU() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private static let get = """
        <?xml version="1.0" encoding="utf-8"?><Envelope xmlns="http://www.w3.org/2003/05/soap-envelope" \
        xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
        xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><Header>\
        <a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action><a:To>/wsman</a:To>\
        <w:ResourceURI>http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings</w:ResourceURI>\
        <a:MessageID>1</a:MessageID><a:ReplyTo>\
        <a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
        <w:OperationTimeout>PT60S</w:OperationTimeout></Header><Body/></Envelope>
        """

    private static func object(_ text: String) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw Unexpected(text)
        }
        return object
    }

    // MARK: hellos

    /// Hellos of machines that nobody has seen: each makes a record and a job, both on the disk before the next.
    private func hellos() async throws {
        let number = 44
        let server = try await startServer(number, jobsAtOnce: 1)
        defer { Self.end(server) }
        let sender = try await HelloPackets(to: "\(network).\(number)", of: "\(folder)/\(number)")
        try sender.keepBusy(from: 0)
        var said = 0
        for total in [1000, 10_000] {
            try sender.send(from: said, to: total - 1000)
            try await settled(total - 1000, number)
            let before = try Self.cpu(server.process)
            let start = ContinuousClock.now
            try sender.send(from: total - 1000, to: total)
            try await settled(total, number)
            let (time, cpu) = (Self.seconds(since: start), try Self.cpu(server.process) - before)
            said = total
            let console = try await Self.timed {
                let shown = try await TestKit.run(
                    "namesake-server", ["jobs", "show", "1", "--json", "--folder", "\(folder)/\(number)"])
                guard shown.status == 0 else { throw Unexpected(shown.output) }
            }
            say(
                "hellos, with \(total) records \(String(repeating: " ", count: 12 - "\(total)".count))"
                    + "\(Self.text(1000 / time, "a second", 0)), \(Self.text(1000 / cpu, "a second of CPU", 0)); "
                    + "`jobs show` \(Self.text(console * 1000, "ms", 0)); "
                    + Self.text(try Self.memory(server.process, "VmRSS") / 1024, "MB", 0))
        }
    }

    /// Until so many jobs are in the store.
    private func settled(_ jobs: Int, _ number: Int) async throws {
        guard jobs > 0 else { return }
        let start = ContinuousClock.now
        while true {
            let shown = try await TestKit.run(
                "namesake-server", ["jobs", "show", "\(jobs)", "--json", "--folder", "\(folder)/\(number)"])
            if shown.status == 0 { return }
            guard ContinuousClock.now - start < .seconds(600) else { throw Unexpected(shown.output) }
        }
    }

    // MARK: processes

    /// Until a process has nothing to do.
    static func settled(_ process: Int32) async throws {
        var last = -1.0
        while case let now = try cpu(process), now > last {
            last = now
            // Between two looks at what the kernel counts: it tells nobody that a process rests.
            try await Task.sleep(for: .seconds(1))
        }
    }

    func startServer(_ number: Int, jobsAtOnce: Int, isNew: Bool = true) async throws -> RunningProgram {
        let home = "\(folder)/\(number)"
        if isNew {
            let made = try await TestKit.run(
                "namesake-server",
                ["init", "--folder", home, "--domain", Site.domain, "--address", "\(network).\(number)"])
            guard made.status == 0 else { throw Unexpected(made.output) }
        }
        let path = URL(fileURLWithPath: "\(home)/configuration.json")
        guard var configuration = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        else { throw Unexpected("no configuration") }
        configuration["jobsAtOnce"] = jobsAtOnce
        try JSONSerialization.data(withJSONObject: configuration).write(to: path)
        // Its log goes to a file: nobody reads a pipe here.
        let server = try RunningProgram(
            "/bin/sh",
            ["-c", "exec \"$0\" serve --folder \"$1\" >\"$1/log\" 2>&1", product("namesake-server"), home])
        let start = ContinuousClock.now
        while try await TestKit.run("namesake-server", ["devices", "show", Site.machine, "--folder", home])
            .output.contains("no server answers")
        {
            guard ContinuousClock.now - start < .seconds(30) else { throw Unexpected("the server does not answer") }
        }
        return server
    }

    static func end(_ program: RunningProgram) {
        program.signal(SIGTERM)
        _ = program.reap()
        for end in program.pipes { close(end) }
    }

    private static let cores = ProcessInfo.processInfo.activeProcessorCount

    static func seconds(since start: ContinuousClock.Instant) -> Double {
        let duration = (ContinuousClock.now - start).components
        return Double(duration.seconds) + Double(duration.attoseconds) / 1e18
    }

    private static func timed(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return seconds(since: start)
    }

    static func text(_ value: Double, _ unit: String, _ digits: Int) -> String {
        String(format: "%.\(digits)f ", value) + unit
    }

    /// Kilobytes, from the kernel's account of a process.
    static func memory(_ process: Int32, _ line: String) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        guard let found = status.split(separator: "\n").first(where: { $0.hasPrefix("\(line):") }),
            let value = found.split(separator: " ").dropFirst().first ?? found.split(separator: "\t").last,
            let number = Double(value.trimmingCharacters(in: .whitespaces))
        else { throw Unexpected("no \(line) in /proc/\(process)/status") }
        return number
    }

    /// Seconds that a process has computed, in the kernel and out of it.
    static func cpu(_ process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = text.drop { $0 != ")" }.split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw Unexpected("cannot read /proc/\(process)/stat")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// Hellos of made-up machines, one connection each, as firmware says them.
struct HelloPackets {
    /// Lets a server that runs one job at once wait for the first machines, which take connections and say nothing: what
    /// hellos cost is not to be mixed with what vain jobs cost.
    func keepBusy(from first: Int) throws {
        for number in first..<first + 64 {
            // Open until this program ends.
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var own = Self.address(of: number, port: 16993)
            let isOpen = withUnsafePointer(to: &own) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 8) == 0
                }
            }
            guard isOpen else { throw Unexpected("cannot listen: \(String(cString: strerror(errno)))") }
        }
    }

    private static func address(of number: Int, port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = (0x7F40_0001 + UInt32(number)).bigEndian
        return address
    }

    private var server = sockaddr_in()
    private let root: [UInt8]

    /// To the server of a folder, as from firmware that knows the root of its provisioning certificate: other jobs end at once.
    init(to address: String, of home: String) async throws {
        let file = "\(home)/provisioning-root.pem"
        let shown = try await TestKit.run(
            "/bin/sh", ["-c", "openssl x509 -in \"$0\" -outform der | sha256sum", file])
        let digits = Array(shown.output.prefix(64))
        root = stride(from: 0, to: 64, by: 2).compactMap { place in
            digits.count == 64 ? UInt8(String(digits[place...place + 1]), radix: 16) : nil
        }
        guard root.count == 32 else { throw Unexpected(shown.output) }
        server.sin_family = sa_family_t(AF_INET)
        server.sin_port = UInt16(9971).bigEndian
        guard inet_pton(AF_INET, address, &server.sin_addr) == 1 else { throw Unexpected(address) }
    }

    func send(from first: Int, to end: Int) throws {
        for number in stride(from: first, to: end, by: 1) {
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            // Each from an address of its own: the listener limits what one source may say.
            var own = Self.address(of: number, port: 0)
            var server = server
            let isOpen = withUnsafePointer(to: &own) { own in
                withUnsafePointer(to: &server) { server in
                    own.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    }
                        && server.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                        }
                }
            }
            guard isOpen else { throw Unexpected("cannot connect: \(String(cString: strerror(errno)))") }
            let packet = packet(number)
            guard write(descriptor, packet, packet.count) == packet.count else { throw Unexpected("cannot write") }
        }
    }

    /// Version 3, no configuration, one root hash.
    ///
    /// Source: network reference 2.1.
    private func packet(_ number: Int) -> [UInt8] {
        let end = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        return [0, 0, 3, 0, 0, 0, 0, 0] + [UInt8](repeating: 0x5A, count: 12) + end + [1, 2, 32]
            + root
    }
}
