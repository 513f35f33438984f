import Foundation

/// A server, a simulated machine and what a person could do with them: real processes, addresses of this test's own.
package final class Site {
    package let folder: String
    package let net: String
    package private(set) var server: Program
    package private(set) var simulator: Program
    /// Everything that servers before this one printed.
    package private(set) var earlier = ""

    package static let machine = "939b524b-13d4-1d18-e487-1c697a6b7a2b"
    package static let domain = "corp.example.test"

    /// Starts both and returns when the machine is managed, or with `provisions` false as soon as both listen.
    package init(
        in folder: String, network: String? = nil, server made: [String] = [], simulator extra: [String] = [],
        provisions: Bool = true, through: [String] = []
    ) async throws {
        self.folder = folder
        net = try network ?? loopbackNetwork()
        serverAddress = "\(net).2"
        address = "\(net).3"
        let outcome = try await run(
            "namesake-server",
            ["init", "--folder", "\(folder)/server", "--domain", Self.domain, "--address", serverAddress] + made)
        guard outcome.status == 0 else { throw Unexpected(outcome.output) }
        server = try Program("namesake-server", ["serve", "--folder", "\(folder)/server"])
        try await server.awaitLine("listening for hellos")
        var arguments = [
            "run", "--address", address, "--uuid", Self.machine, "--dns-suffix", Self.domain, "--trust-root",
            "\(folder)/server/provisioning-root.pem", "--host-socket", "\(folder)/mei", "--control",
            "\(folder)/control", "--request-log", "\(folder)/requests", "--provision-server", "\(serverAddress):9971",
        ]
        arguments += extra
        // Through a program that changes what it sees of the world, its clock for instance.
        simulator =
            try through.first.map {
                try Program($0, through.dropFirst() + [product("namesake-simulator")] + arguments)
            } ?? Program("namesake-simulator", arguments)
        try await simulator.awaitLine("ready")
        let enrolled = try await run(
            "namesake-server",
            ["enrol", "--folder", "\(folder)/server", "--output", "\(folder)/enrolment", "--valid-hours", "1"])
        guard enrolled.status == 0 else { throw Unexpected(enrolled.output) }
        if provisions { try await awaitStage("managed") }
    }

    /// The machine's.
    package let address: String
    package let serverAddress: String
    package var device: String { "unix:\(folder)/mei" }

    package func stop() async {
        await simulator.stop()
        await server.stop()
    }

    /// Asks the running server until the machine's record is in a stage that ends the asking.
    package func awaitStage(_ stage: String) async throws {
        let deadline = ContinuousClock.now + .seconds(180)
        var last = ""
        while ContinuousClock.now < deadline {
            // Each question is a process: many sites that ask without a pause leave no processor for the answers.
            try await Task.sleep(for: .milliseconds(150))
            last = try await console("devices", "show", Self.machine, "--json").output
            if last.contains("\"stage\":\"\(stage)\"") { return }
            if last.contains("\"stage\":\"held\"") { break }
        }
        throw Unexpected("the machine is not \(stage): \(last)\n\(server.printed)\n\(simulator.printed)")
    }

    /// A verb of `namesake-server` for this folder.
    package func console(_ words: String...) async throws -> (status: Int32, output: String) {
        try await run("namesake-server", words + ["--folder", "\(folder)/server"])
    }

    /// One line to the simulator's control socket, its answer as an object.
    @discardableResult
    package func control(_ line: String) async throws -> [String: Any] {
        let answer = try await run("namesake-simulator", ["control", "\(folder)/control", line])
        guard answer.status == 0,
            let object = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any],
            object["error"] == nil
        else { throw Unexpected("control \(line): \(answer.output)") }
        return object
    }

    /// The server dies without a word, and another one takes its place.
    package func crashServer(_ before: () async throws -> Void = {}) async throws {
        server.send(SIGKILL)
        _ = await server.ended()
        earlier += server.printed
        try await before()
        server = try Program("namesake-server", ["serve", "--folder", "\(folder)/server"])
        try await server.awaitLine("listening for hellos")
    }

    /// Sets a member of the server's configuration; for the next start.
    package func configure(_ member: String, _ value: Any) throws {
        let path = "\(folder)/server/configuration.json"
        let text = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
        guard var object = text as? [String: Any] else { throw Unexpected("\(path) holds no object") }
        object[member] = value
        try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: path))
    }

    /// What `jobs show` says of a job once it rests for good, or waits for a person.
    package func end(of job: String) async throws -> String {
        var page = ""
        let deadline = ContinuousClock.now + .seconds(180)
        while !["done", "failed", "held"].contains(where: { page.contains("\"state\":\"\($0)\"") }) {
            let shown = try await console("jobs", "show", job, "--json")
            guard shown.status == 0 else { throw Unexpected(shown.output) }
            page = shown.output
            // Between two looks, as above.
            try await Task.sleep(for: .milliseconds(150))
            if ContinuousClock.now > deadline {
                throw Unexpected("job \(job) does not end: \(page)\n\(server.printed)")
            }
        }
        return page
    }

    /// The agent's sync, begun.
    package func beginSync(name: String, timeout: Int = 180) throws -> Program {
        try Program(
            "namesake-agent-sync",
            [
                "--device", device, "--name", name, "--enrolment", "\(folder)/enrolment", "--state-directory",
                "\(folder)/state", "--timeout", "\(timeout)",
            ])
    }

    package func sync(name: String) async throws -> (status: Int32, output: String) {
        let program = try beginSync(name: name)
        let status = await program.ended()
        return (status, program.printed)
    }

    /// The requests that the firmware answered, oldest first.
    package func requests() throws -> [[String: Any]] {
        try String(contentsOfFile: "\(folder)/requests", encoding: .utf8).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}
