import Jobs
import Synchronization
import Testing
import Vocabulary

@Suite("The job machine")
struct JobMachineTests {
    static let plans: [JobMachine.StepPlan] = [.init("a"), .init("b"), .init("tidy", runsAfterFailure: true)]
    static let broken = Failure(.firmwareFault, "no")
    static let away = Failure(.firmwareUnreachable, "away", remedy: .wait)

    @Test("goes through its steps in order")
    func order() {
        var machine = JobMachine(Self.plans)
        for step in ["a", "b", "tidy"] as [StepName] {
            #expect(machine.next() == .perform(step, looksFirst: false))
            machine.record(.began(step))
            machine.record(.succeeded(step, output: "{}"))
        }
        #expect(machine.next() == .stop(.done))
    }

    @Test("a step that was begun and not ended is looked at first")
    func resumes() {
        let machine = JobMachine(Self.plans, replaying: [.began("a"), .succeeded("a", output: "1"), .began("b")])
        #expect(machine.next() == .perform("b", looksFirst: true))
    }

    @Test("what a person has to decide rests, goes on after a yes, and pays what it owes after a no")
    func decisions() {
        let question = Failure(.claimHeld, "who is it?", remedy: .hold)
        let asked: [JobEvent] = [.began("a"), .failed("a", question)]
        var machine = JobMachine(Self.plans)
        for event in asked { machine.record(event) }
        #expect(machine.next() == .stop(.held(question)))
        let approved = JobMachine(Self.plans, replaying: asked + [.decided(approved: true, reason: "it is mine")])
        #expect(approved.next() == .perform("a", looksFirst: true))
        let no = asked + [.decided(approved: false, reason: "not mine")]
        #expect(JobMachine(Self.plans, replaying: no).next() == .perform("tidy", looksFirst: false))
        let after = JobMachine(Self.plans, replaying: no + [.began("tidy"), .succeeded("tidy", output: "{}")])
        guard case .stop(.failed(let failure)) = after.next() else {
            Issue.record("\(after.next())")
            return
        }
        #expect(failure.code == .claimRejected)
        #expect(failure.message.contains("not mine"))
    }

    @Test("a setback rests, and is tried again by looking first")
    func setback() {
        var machine = JobMachine(Self.plans)
        machine.record(.began("a"))
        machine.record(.failed("a", Self.away))
        #expect(machine.next() == .stop(.waiting(Self.away)))
        let again = JobMachine(Self.plans, replaying: [.began("a"), .failed("a", Self.away)])
        #expect(again.next() == .perform("a", looksFirst: true))
    }

    @Test("a failure for good ends the job after the steps that are owed all the same")
    func failure() {
        var machine = JobMachine(Self.plans)
        machine.record(.began("a"))
        machine.record(.failed("a", Self.broken))
        #expect(machine.next() == .perform("tidy", looksFirst: false))
        machine.record(.began("tidy"))
        machine.record(.failed("tidy", Failure(.firmwareRefused, "later")))
        #expect(machine.next() == .stop(.failed(Self.broken)))
    }

    @Test(
        "a failed job that goes on has again what may be gone, while that is needed, and owes its end again",
        arguments: [(nil, "account"), ("erasure", "account"), ("names", "names")] as [(StepName?, StepName)])
    func wantedAgain(until: StepName?, first: StepName) {
        // `names` is done and the step after it fails; `erasure` is still to come.
        var machine = JobMachine([
            .init("account", perishes: true, isNeededUntil: until), .init("names"), .init("erasure"),
            .init("removal", runsAfterFailure: true),
        ])
        for step in ["account", "names"] as [StepName] {
            machine.record(.began(step))
            machine.record(.succeeded(step, output: "{}"))
        }
        machine.record(.began("erasure"))
        machine.record(.failed("erasure", Failure(.firmwareRefused, "no")))
        #expect(machine.next() == .perform("removal", looksFirst: false))
        machine.record(.began("removal"))
        machine.record(.succeeded("removal", output: "{}"))
        machine.record(.retried)
        #expect(machine.next() == .perform(first == "account" ? "account" : "erasure", looksFirst: true))
        machine.record(.succeeded("account", output: "{}"))
        #expect(machine.next() == .perform("erasure", looksFirst: true))
        machine.record(.succeeded("erasure", output: "{}"))
        #expect(machine.next() == .perform("removal", looksFirst: true))
    }

    @Test("a cancelled job tries what it owes once, and one that has failed can be cancelled for that")
    func cancelledAway() {
        for (before, code) in [
            ([.began("a")], Failure.Code.jobCancelled),
            ([.began("a"), .failed("a", Self.broken), .began("tidy"), .failed("tidy", Self.away)], .firmwareFault),
        ] as [([JobEvent], Failure.Code)] {
            var machine = JobMachine(Self.plans, replaying: before + [.cancelled(reason: "it has burnt")])
            guard case .perform("tidy", _) = machine.next() else {
                Issue.record("\(machine.next())")
                continue
            }
            machine.record(.began("tidy"))
            machine.record(.failed("tidy", Self.away))
            guard case .stop(.failed(let failure)) = machine.next() else {
                Issue.record("\(machine.next())")
                continue
            }
            #expect(failure.code == code)
            machine.record(.retried)
            #expect(machine.next() == .perform("a", looksFirst: true))
        }
    }

    @Test("a cancelled job does what it owes and no more, and not once something cannot be taken back")
    func cancelled() {
        let plans: [JobMachine.StepPlan] = [
            .init("a"), .init("commit", isIrrevocable: true), .init("tidy", runsAfterFailure: true),
        ]
        var early = JobMachine(plans, replaying: [.began("a"), .cancelled(reason: "no")])
        #expect(early.next() == .perform("tidy", looksFirst: false))
        early.record(.succeeded("tidy", output: "null"))
        #expect(early.next() == .stop(.failed(early.failure ?? Self.broken)))
        #expect(early.failure?.code == .jobCancelled)
        let late = JobMachine(
            plans,
            replaying: [.began("a"), .succeeded("a", output: "null"), .began("commit"), .cancelled(reason: "no")])
        #expect(late.failure == nil)
        #expect(late.next() == .perform("commit", looksFirst: true))
    }

    @Test("pauses grow and stay bounded, and those of many machines do not end together")
    func pauses() throws {
        let machines = try (0..<100).map {
            try #require(MachineID(smbios: [UInt8](repeating: 1, count: 15) + [UInt8($0)]))
        }
        for (setbacks, pause) in [(1, 1.0), (2, 2), (3, 4), (4, 8), (1_000_000, 300)] {
            let pauses = machines.map { pauseAfter(setbacks: setbacks, of: $0) }
            #expect(pauses.allSatisfy { (pause * 0.75...pause * 1.25).contains($0) })
            #expect(Set(pauses.map { Int($0 / pause * 20) }).count == 10, "spread over the whole of it")
        }
    }
}

@Suite("The job runner")
struct JobRunnerTests {
    /// A world in which an effect can be there or not, and a journal that can be cut off.
    actor World: JobJournal {
        var effects: [String] = []
        var kept: [JobEvent] = []
        var room: Int

        init(room: Int) { self.room = room }

        func append(_ event: JobEvent, requests: [JobRequest], to job: JobID) throws(Failure) {
            guard room > 0 else { throw Failure(.storeUnavailable, "power lost") }
            room -= 1
            kept.append(event)
        }
        func append(
            _ event: JobEvent, requests: [JobRequest], then next: JobEvent, to job: JobID
        ) throws(Failure) {
            try append(event, requests: requests, to: job)
            try append(next, requests: [], to: job)
        }
        func events(of job: JobID) throws(Failure) -> [JobEvent] { kept }
        func act(_ name: String) { effects.append(name) }
        func restore() { room = .max }
    }

    struct Act<Name: NamedStep>: Step {
        static var name: StepName { Name.name }
        func observe(_ world: World, _ ledger: JobLedger) async throws(Failure) -> String? {
            await world.effects.contains(Name.name.rawValue) ? "seen" : nil
        }
        func run(_ world: World, _ ledger: JobLedger) async throws(Failure) -> String {
            await world.act(Name.name.rawValue)
            return "done"
        }
    }
    protocol NamedStep: Sendable { static var name: StepName { get } }
    enum First: NamedStep { static let name: StepName = "first" }
    enum Second: NamedStep { static let name: StepName = "second" }

    static let steps = [AnyStep(Act<First>()), AnyStep(Act<Second>())]

    @Test("writes intent before effect and outcome after, and acts once each")
    func undisturbed() async throws {
        let world = World(room: .max)
        let outcome = try await JobRunner(Self.steps, journal: world).advance(JobID(1), in: world)
        #expect(outcome == .done)
        #expect(await world.effects == ["first", "second"])
        #expect(
            await world.kept == [
                .began("first"), .succeeded("first", output: "\"done\""), .began("second"),
                .succeeded("second", output: "\"done\""),
            ])
    }

    @Test("cut off at any write, it ends the same and acts once each", arguments: 0..<4)
    func interrupted(writes: Int) async throws {
        let world = World(room: writes)
        await #expect(throws: Failure.self) {
            try await JobRunner(Self.steps, journal: world).advance(JobID(1), in: world)
        }
        await world.restore()
        #expect(try await JobRunner(Self.steps, journal: world).advance(JobID(1), in: world) == .done)
        #expect(await world.effects == ["first", "second"])
    }

    @Test("told to pause, it stops between two steps")
    func pauses() async throws {
        let world = World(room: .max)
        let left = Mutex(1)
        let outcome = try await JobRunner(Self.steps, journal: world).advance(JobID(1), in: world) {
            left.withLock { left in
                left -= 1
                return left >= 0
            }
        }
        #expect(outcome == nil)
        #expect(await world.effects == ["first"])
    }
}
