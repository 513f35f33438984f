import AgentTestKit
import FoundationEssentials
import Glibc
import Testing
import Vocabulary
import Wire

@Suite("What the agent does at its server beside renaming", .timeLimit(.minutes(2)))
struct ServerCommandTests {
    let machine: EnrolledMachine

    init() throws { machine = try EnrolledMachine() }

    // MARK: sync --dry-run

    @Test("sync --dry-run says what would be asked, and asks nobody")
    func dryRun() async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (500, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let ending = try await machine.sync("--dry-run", "--name", "pc2.example.com")
        #expect(ending.status == 10)
        #expect(
            ending.output.contains("machine 939b524b-13d4-1d18-e487-1c697a6b7a2b is called pc2.example.com (by --name)")
        )
        #expect(ending.output.contains(server.address))
        #expect(ending.output.contains("HostOSFQDN as proof"))
        let json = try await machine.sync("--dry-run", "--json", "--name", "pc1.example.com")
        #expect(json.status == 0)
        try await Schemas.check(json.output, "sync", in: machine.folder)
        #expect(server.requests.isEmpty)
        #expect(machine.firmware.firmware.hostNames.isEmpty)
        #expect(access(machine.state, F_OK) != 0)
        #expect(try await machine.sync("--dry-run", "--resume").status == 64)
    }

    // MARK: inspect --report

    @Test("inspect --report tells the server the machine's verdict, whose status stands", arguments: [204, 403])
    func report(status: Int) async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (status, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        // A machine without a disk: nothing is proved.
        let sysfs = machine.folder.path + "/sys"
        #expect(mkdir(sysfs, 0o700) == 0 && mkdir(sysfs + "/block", 0o700) == 0)
        let ending = try await machine.run("inspect", ["--report", "--sysfs", sysfs])
        #expect(ending.status == 21, "\(ending)")
        let request = try #require(server.requests.first)
        #expect(request.path == Wire.inspectionsPath)
        let told = try JSONDecoder().decode(Inspection.self, from: Data(request.body.utf8))
        #expect(told.verdict == "unknown")
        #expect(told.machine.text == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        #expect(ending.complaints.contains("the server was told") == (status == 204))
        #expect(try await machine.run("inspect", ["--report", "/dev/null"]).status == 64)
    }

    // MARK: sync --start-configuration

    @Test("sync on a firmware that is not set up ends with 11 and asks nobody", arguments: [UInt32(0), 1])
    func unprovisioned(state: UInt32) async throws {
        defer { machine.firmware.stop() }
        machine.firmware.change { $0.provisioningState = state }
        let server = try await TLSServer(in: machine.folder) { _ in (500, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let ending = try await machine.sync("--name", "pc2.example.com", "--json")
        #expect(ending.status == 11, "\(ending)")
        #expect(ending.complaints.contains("--start-configuration"))
        try await Schemas.check(ending.output, "sync", in: machine.folder)
        #expect(server.requests.isEmpty)
    }

    @Test(
        "sync --start-configuration opens the firmware's set-up when the server asks for it, whatever its age",
        arguments: [
            ([:], [0x0400_002A, 0x0400_0062]), ([0x0400_0062: 0x803], [0x0400_002A, 0x0400_0062, 0x0400_0029]),
            ([0x0400_0062: 0x812], [0x0400_002A, 0x0400_0062, 0x0400_0029]),
            ([0x0400_0062: 2], [0x0400_002A, 0x0400_0062]),
            ([0x0400_0062: 0x31], [0x0400_002A, 0x0400_0062]),
        ] as [([UInt32: UInt32], [UInt32])])
    func started(refusals: [UInt32: UInt32], operations: [UInt32]) async throws {
        defer { machine.firmware.stop() }
        machine.firmware.change {
            $0.provisioningState = 0
            $0.refusals = refusals
        }
        let told = Locked(0)
        let server = try await TLSServer(in: machine.folder) { _ in
            told.set { $0 + 1 }
            return told.value == 1
                ? answer(
                    Directive(
                        verdict: .provisioning, message: "start",
                        startConfiguration: StartOrder(otp: "CanaryOTP12345678")))
                : answer(Directive(verdict: .held, message: "set up by hand"))
        }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let ending = try await machine.sync("--start-configuration", "--name", "pc2.example.com")
        #expect(ending.status == 32, "\(ending)")
        #expect(ending.output.contains("set-up interface is open"))
        #expect(machine.firmware.firmware.oneTimePasswords == ["CanaryOTP12345678"])
        let changing: Set<UInt32> = [0x0400_0029, 0x0400_002A, 0x0400_0062]
        #expect(machine.firmware.firmware.operations.filter(changing.contains) == operations)
        let report = try JSONDecoder().decode(Report.self, from: Data(try #require(server.requests.first).body.utf8))
        #expect(report.offersStartConfiguration == true)
        #expect(report.provisioningState == .pre)
    }

    @Test("sync --start-configuration starts nothing that is provisioned, or that the firmware refuses")
    func notStarted() async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in
            answer(Directive(verdict: .provisioning, message: "start", startConfiguration: StartOrder()))
        }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let post = try await machine.sync("--start-configuration", "--name", "pc2.example.com")
        #expect(post.status == 11, "\(post)")
        #expect(!machine.firmware.firmware.operations.contains(0x0400_0062))
        machine.firmware.change {
            $0.provisioningState = 0
            $0.refusals[0x0400_0062] = 0x400
        }
        let refused = try await machine.sync("--start-configuration", "--name", "pc2.example.com")
        #expect(refused.status == 13, "\(refused)")
        #expect(!machine.firmware.firmware.operations.contains(0x0400_0029))
    }

    // MARK: enroll

    @Test("enroll asks the server about the token, then puts the file in its place for root alone")
    func enroll() async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (204, "") }
        defer { server.stop() }
        let made = try machine.enrolment(of: server)
        let place = machine.folder.path + "/etc/enrolment.json"
        let ending = try await RunningProgram(
            Agent.path, ["enroll", made, "--enrolment", place, "--json"]
        ).ending()
        #expect(ending.status == 0, "\(ending)")
        try await Schemas.check(ending.output, "enroll", in: machine.folder)
        #expect(fileText(place) == fileText(made))
        var status = stat()
        #expect(stat(place, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(server.requests.map(\.path) == [Wire.tokenPath])
    }

    @Test("enroll writes nothing that the server refuses, that is damaged, or where it may not write")
    func notEnrolled() async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (401, "") }
        defer { server.stop() }
        let made = try machine.enrolment(of: server)
        let place = machine.folder.path + "/placed.json"
        func enroll(_ file: String, _ more: [String]) async throws -> RunningProgram.Ending {
            try await RunningProgram(Agent.path, ["enroll", file, "--json"] + more).ending()
        }
        let refused = try await enroll(made, ["--enrolment", place])
        #expect(refused.status == 30)
        try await Schemas.check(refused.output, "enroll", in: machine.folder)
        let damaged = try machine.folder.write("damaged.json", "{}")
        #expect(try await enroll(damaged, ["--enrolment", place]).status == 78)
        #expect(try await enroll(machine.folder.path + "/none", ["--enrolment", place]).status == 78)
        #expect(access(place, F_OK) != 0)
        let forbidden = try await enroll(made, ["--offline", "--enrolment", "/proc/enrolment.json"])
        #expect(forbidden.status == 77, "\(forbidden)")
        #expect(forbidden.complaints.contains("agent.enrolment-unwritable"))
    }

    // MARK: expect

    @Test("expect asks whether the machine may have a name", arguments: [(204, Int32(0)), (409, 30), (403, 30)])
    func expect(status: Int, exit: Int32) async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (status, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        let ending = try await machine.run("expect", ["pc7.example.com", "--json"])
        #expect(ending.status == exit, "\(ending)")
        try await Schemas.check(ending.output, "expect", in: machine.folder)
        let request = try #require(server.requests.first)
        #expect(request.path == Wire.expectationsPath)
        let expectation = try JSONDecoder().decode(Expectation.self, from: Data(request.body.utf8))
        #expect(expectation.name.text == "pc7.example.com")
        #expect(expectation.machine.text == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        #expect(try await machine.run("expect", ["pc7"]).status == 64)
    }

    // MARK: doctor

    @Test("doctor finds nothing bad where all is well, and every remedy where it is not")
    func doctor() async throws {
        defer { machine.firmware.stop() }
        let server = try await TLSServer(in: machine.folder) { _ in (204, "") }
        defer { server.stop() }
        _ = try machine.enrolment(of: server)
        #expect(mkdir(machine.state, 0o700) == 0)
        let well = try await machine.run(
            "doctor", ["--state-directory", machine.state, "--name", "pc1.example.com"])
        #expect(well.status == 0, "\(well)")
        #expect(!well.output.contains("bad"))
        for word in ["device", "firmware", "name", "server", "clock", "enrolment", "UUID"] {
            #expect(well.output.contains("ok   \(word)"), "\(well.output)")
        }
        let ill = try await RunningProgram(
            Agent.path,
            [
                "doctor", "--json", "--device", machine.folder.path + "/none", "--name", "pc1", "--enrolment",
                machine.folder.path + "/none", "--state-directory", machine.folder.path + "/none",
            ]
        ).ending()
        #expect(ill.status == 12)
        try await Schemas.check(ill.output, "doctor", in: machine.folder)
        for code in ["mei.no-management-engine", "names.invalid", "agent.enrolment-unreadable"] {
            #expect(ill.output.contains(code))
        }
        #expect(machine.firmware.firmware.hostNames.isEmpty)
    }
}
