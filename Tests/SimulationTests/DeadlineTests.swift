import Fleet
import Jobs
import Provisioning
import Synchronization
import Testing
import Vocabulary

@testable import SimulationKit

/// Jobs whose machine goes away and stays away, on a clock that nobody waits for.
@Suite("A job that waits too long")
struct DeadlineTests {
    /// A machine that goes away once the job has ended a step, and what its record and job are after so many hours.
    static func leave(
        _ story: Story, after step: StepName, hours: Double
    ) async throws -> (world: World, machine: MachineID, job: JobRecord) {
        let bench = try await CrashMatrixTests.Bench()
        let world = try bench.world(story)
        let machine = try #require(world.with { MachineID(smbios: $0.devices[0].uuid) })
        try await story.begin(in: world)
        world.with { state in state.queue.removeAll { $0.event == .operatorsRound } }
        world.leavesAfter(step)
        try await world.run(until: World.start + hours * 3600)
        let job = try #require(try await world.store.jobs(of: machine).last)
        return (world, machine, job)
    }

    /// The machine is back, and its firmware says hello.
    static func comeBack(_ world: World, _ job: JobRecord) async throws {
        world.with { state in
            state.devices[0].isAway = false
            // What the hint says: set-up is over, and has to be opened again.
            state.devices[0].startConfiguration()
            state.schedule(.hello(0), in: 60)
        }
        _ = try await world.serverCore.retry(job)
        try await world.run(until: World.start + 60 * 86_400)
        #expect(try await Storm.problems(of: world).isEmpty)
    }

    @Test("in set-up is stuck when the longest window is over, says where it stands, and goes on by retry")
    func provision() async throws {
        let early = try await Self.leave(.provision, after: "tls.key-pair", hours: 23.5)
        #expect(early.job.state == .waiting, "\(early.job)")
        let (world, machine, job) = try await Self.leave(.provision, after: "tls.key-pair", hours: 25)
        #expect(job.state == .failed && job.failure?.code == .jobStuck, "\(job)")
        let message = job.failure?.message ?? ""
        #expect(message.contains("24 hours for a firmware in set-up"), "\(message)")
        #expect(message.contains("the last setback"), "\(message)")
        #expect(job.failure?.hint?.contains("jobs retry \(job.id)") == true)
        let record = try await world.store.device(machine)
        #expect(record?.stage == .held && record?.note?.contains("jobs.stuck") == true, "\(String(describing: record))")
        try await Self.comeBack(world, job)
    }

    @Test("after partial unprovisioning is stuck after six hours, with admin's password still in the store")
    func reprovision() async throws {
        let (world, machine, job) = try await Self.leave(.reprovision, after: "unprovision", hours: 6.5)
        #expect(job.state == .failed && job.failure?.code == .jobStuck, "\(job)")
        #expect(job.failure?.message.contains("6 hours") == true, "\(job)")
        let password = try await Vault(key: world.parts.key, store: world.store).secret(.adminPassword, of: machine)
        let works = world.with { state in
            password.reveal { adminHash($0, realm: state.devices[0].digestRealm) } == state.devices[0].adminHash
        }
        #expect(works)
        try await Self.comeBack(world, job)
    }

    @Test("for a managed machine is stuck after thirty days, when its account's life is over")
    func rename() async throws {
        let (world, machine, early) = try await Self.leave(.renew, after: "tls.key-pair", hours: 1)
        #expect(early.state == .waiting, "\(early)")
        // Most of the thirty days are taken for over: they are some ten thousand attempts.
        world.store.content.withLock { $0.jobs[$0.jobs.count - 1].created -= 30 * 86_400 - 2 * 3600 }
        try await world.run(until: World.start + 1.9 * 3600)
        #expect(try await world.store.jobs(of: machine).last?.state == .waiting)
        try await world.run(until: World.start + 3 * 3600)
        let job = try #require(try await world.store.jobs(of: machine).last)
        #expect(job.state == .failed && job.failure?.code == .jobStuck, "\(job)")
        #expect(job.failure?.message.contains("30 days") == true, "\(job)")
        let record = try await world.store.device(machine)
        #expect(record?.stage == .managed && record?.firmware?.account != nil, "the record still knows of the account")
    }

    @Test("ends at once when a person cancels it, whether its machine is there or not; what is left is swept later")
    func cancelled() async throws {
        let (world, machine, job) = try await Self.leave(.renameWithAccountOfItsOwn, after: "account", hours: 2)
        #expect(job.state == .waiting, "\(job)")
        _ = try await world.serverCore.console(["jobs", "\(job.id)", "cancel", "00"])
        try await world.run(until: world.with(\.now) + 600)
        let ended = try await world.store.job(job.id)
        #expect(ended?.state == .failed && ended?.failure?.code == .jobCancelled, "\(String(describing: ended))")
        #expect(world.with { $0.devices[0].users }.count == 1, "the account is there, and nobody could say so")
        #expect(try await world.store.device(machine)?.firmware?.account != nil)
        world.with { $0.devices[0].isAway = false }
        world.wait(3601)
        _ = try await world.serverCore.upkeep(renewBefore: 0)
        try await world.run(until: world.with(\.now) + 600)
        #expect(world.with { $0.devices[0].users } == [])
        #expect(try await world.store.device(machine)?.firmware?.account == nil)
    }

    @Test("ends where its machine is retired, also after a commit, from which no job turns back")
    func retired() async throws {
        let (world, machine, job) = try await Self.leave(.renameWithAccountOfItsOwn, after: "commit", hours: 2)
        #expect(job.state == .waiting, "\(job)")
        _ = try await world.serverCore.retire(machine)
        let asked = world.with(\.attempts)
        try await world.run(until: world.with(\.now) + 60)
        let ended = try await world.store.job(job.id)
        #expect(
            ended?.state == .failed && ended?.failure?.message == "its machine was retired",
            "\(String(describing: ended))")
        #expect(world.with(\.attempts) == asked, "a machine out of use was asked")
        let record = try await world.store.device(machine)
        #expect(record?.stage == .retired && record?.replacedBy == nil, "\(String(describing: record))")
    }
}
