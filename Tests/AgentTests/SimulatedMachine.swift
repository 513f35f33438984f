import AgentTestKit
import FoundationEssentials
import Glibc
import TestKit
import Testing

/// A machine of `namesake-simulator`, with the device node that it mounts: the firmware is no part of the test.
final class SimulatedMachine {
    let folder: TemporaryFolder
    let address: String
    private let simulator: Program

    /// Its own name is `pc1.corp.example.test`, once it is set up.
    static let name = "pc1.corp.example.test"

    /// - Parameters:
    ///   - personality: Which generation.
    ///   - isSetUp: Whether it begins set up, or waits for its server.
    ///   - more: Other options of `namesake-simulator run`.
    /// - Throws: ``Trouble`` when it does not start.
    init(_ personality: String = "12.0", isSetUp: Bool = true, _ more: [String] = []) async throws {
        folder = try TemporaryFolder()
        address = try loopbackNetwork() + ".2"
        guard mkdir(folder.path + "/dev", 0o700) == 0 else { throw Trouble("mkdir: \(errno)") }
        var arguments = [
            "run", "--address", address, "--uuid", "939b524b-13d4-1d18-e487-1c697a6b7a2b", "--personality", personality,
            "--host-node", folder.path + "/dev", "--control", folder.path + "/control", "--request-log",
            folder.path + "/requests",
        ]
        if isSetUp { arguments += ["--provisioned", try folder.write("password", "CanaryP@ss0rd\n")] }
        simulator = try Program("namesake-simulator", arguments + more)
        try await simulator.awaitLine("ready")
    }

    func stop() async { await simulator.stop() }

    var device: String { folder.path + "/dev/mei0" }

    /// One line for the control socket.
    func control(_ line: String) async throws {
        let answer = try await run("namesake-simulator", ["control", folder.path + "/control", line])
        guard answer.status == 0, !answer.output.contains("error") else { throw Trouble("\(line): \(answer.output)") }
    }

    /// Requests of WS-Man that the firmware answered.
    var requests: [Substring] {
        get throws { try String(contentsOfFile: folder.path + "/requests", encoding: .utf8).split(separator: "\n") }
    }

    /// Runs a command on the device, and looks for secrets in all that it prints.
    func agent(_ command: String, _ more: String...) async throws -> RunningProgram.Ending {
        let ending = try await RunningProgram(Agent.path, [command, "--device", device] + more).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return ending
    }
}

/// Gives a machine to a test and ends it, whatever becomes of the test.
func withMachine(
    _ personality: String = "12.0", isSetUp: Bool = true, _ more: [String] = [],
    _ body: (SimulatedMachine) async throws -> Void
) async throws {
    let machine = try await SimulatedMachine(personality, isSetUp: isSetUp, more)
    do { try await body(machine) } catch {
        await machine.stop()
        throw error
    }
    await machine.stop()
}
