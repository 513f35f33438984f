import AgentTestKit
import FoundationEssentials
import Glibc
import Wire

/// A machine with an enrolment file, a state directory and a firmware, for commands that speak to the server.
struct EnrolledMachine {
    let folder: TemporaryFolder
    let firmware: SocketFirmware
    let token = "CanaryToken0123456789"

    init(_ plain: PlainFirmware = .init(), script: @escaping SocketFirmware.Script = { _, _, _ in nil }) throws {
        folder = try TemporaryFolder()
        firmware = try SocketFirmware(in: folder, firmware: plain, script: script)
    }

    var state: String { folder.path + "/state" }

    func enrolment(of server: TLSServer, address: String? = nil) throws -> String {
        let enrolment = Enrolment(server: address ?? server.address, serverCA: server.authority, token: token)
        return try folder.write(
            "enrolment.json", String(decoding: try JSONEncoder().encode(enrolment), as: UTF8.self))
    }

    /// Runs a command and looks for secrets in all that it prints.
    func run(_ command: String, _ more: [String]) async throws -> RunningProgram.Ending {
        let arguments = [command, "--enrolment", folder.path + "/enrolment.json", "--device", firmware.device]
        let ending = try await RunningProgram(Agent.path, arguments + more).ending()
        guard !ending.output.contains("Canary"), !ending.complaints.contains("Canary") else {
            throw Trouble("a secret was printed: \(ending)")
        }
        return ending
    }

    func sync(_ more: String...) async throws -> RunningProgram.Ending {
        try await run("sync", ["--state-directory", state] + more)
    }

    func isThere(_ name: String) -> Bool { access("\(state)/\(name)", F_OK) == 0 }
}

func answer(_ directive: Directive) -> (status: Int, body: String) {
    guard let data = try? JSONEncoder().encode(directive) else { return (500, "") }
    return (200, String(decoding: data, as: UTF8.self))
}
