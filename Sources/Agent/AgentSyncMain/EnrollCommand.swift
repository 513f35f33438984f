import AgentCore
import AgentOptions
import ArgumentParser
import Glibc
import Vocabulary
import Wire

/// `enroll`: checks what the server made for this machine, and puts it in its place.
struct EnrollCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Tie this machine to its server: check an enrolment file and put it in place.",
        discussion: """
            The file is made by namesake-server enrol. The server is asked whether its token is good before anything is \
            written. Exit status: 0 in place, 30 token refused, 33 server not reachable, 69 another server answers, \
            77 not written, 78 no enrolment file.
            """)

    @Argument(help: "The enrolment file, or - for standard input.")
    var file: String

    @OptionGroup var server: ServerOptions

    @Flag(help: "Do not ask the server.")
    var offline = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let status: ExitStatus
        do throws(Failure) {
            status = try await enroll()
        } catch { status = explain(error, json: json, command: "enroll") }
        throw ExitCode(status.rawValue)
    }

    private func enroll() async throws(Failure) -> ExitStatus {
        let bytes = try readEnrolmentBytes(file)
        let enrolment = try parseEnrolment(bytes, path: file == "-" ? "standard input" : file)
        if !offline {
            let connection = try CurlConnection(enrolment, as: nil)
            defer { connection.close() }
            try await server.ask(connection) { server throws(Failure) in try await server.checkToken() }
        }
        let place = server.enrolment ?? ServerOptions.usualEnrolment
        try placeEnrolment(bytes, at: place)
        let object = JSONText.object([
            .init("command", .text("enroll")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(0)),
            .init("server", .text(enrolment.server)), .init("file", .text(place)), .init("checked", .boolean(!offline)),
        ])
        print(json ? object.rendered : "enrolled at \(enrolment.server): \(place)")
        return .match
    }
}

/// `expect`: asks early whether the machine may have the name that its build will give it.
struct ExpectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expect",
        abstract: "Ask the server early whether this machine may have a name.",
        discussion: """
            For the beginning of a build: a name that policy forbids or another machine has is refused before anything was \
            spent on it. Changes nothing. Exit status: 0 allowed, 30 refused, 33 server not reachable.
            """)

    @Argument(help: "The name with its domain, as the machine will be called.")
    var expected: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var looking: LookingOptions

    func run() async throws {
        let status: ExitStatus
        do throws(Failure) {
            status = try await expect()
        } catch { status = explain(error, json: looking.json, command: "expect") }
        throw ExitCode(status.rawValue)
    }

    private func expect() async throws(Failure) -> ExitStatus {
        let name = try findOSName(NameSources(override: expected)).name
        let settings = try looking.settings()
        let enrolment = try readEnrolment(server.enrolment ?? ServerOptions.usualEnrolment)
        let firmware = DevicePort(
            address: settings.device ?? .probe, patience: looking.patience, system: looking.system)
        guard let machine = try await firmware.read().machine else {
            throw Failure(
                .deviceRefused, "the firmware does not tell the machine's UUID",
                hint: "Try again in a minute; if it stays so, the firmware needs an update.")
        }
        let connection = try CurlConnection(
            enrolment, as: try MachineIdentity(in: ServerOptions.usualStateDirectory))
        defer { connection.close() }
        try await server.ask(connection) { server throws(Failure) in
            try await server.expect(.init(machine: machine, name: name))
        }
        let object = JSONText.object([
            .init("command", .text("expect")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(0)),
            .init("uuid", .text(machine.text)), .init("name", .text(name.text)), .init("allowed", .boolean(true)),
        ])
        print(looking.json ? object.rendered : "allowed: \(machine) may be called \(name)")
        return .match
    }
}
