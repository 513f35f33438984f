import AgentCore
import Testing
import Vocabulary
import Wire

/// A machine in a world that does what it can to leave a foreign name in the firmware.
private struct World {
    var machine: SyncMachine
    var step: SyncMachine.Step
    /// What was asked for last and is not answered yet.
    var underWay: SyncMachine.Action
    /// Whether a name that is not the true one may be in the firmware.
    var foreign: Bool
    var failedRestorings = 0

    init(restoringDue: Bool) {
        machine = SyncMachine(trueName: trueName, restoringDue: restoringDue)
        step = machine.start()
        underWay = step.action
        foreign = restoringDue
        note()
    }

    var outcome: SyncOutcome? {
        if case .finish(let outcome) = step.action { return outcome }
        return nil
    }

    mutating func happen(_ event: SyncMachine.Event) {
        switch (underWay, event) {
        case (.writeTrueName, .wrote): (foreign, failedRestorings) = (false, 0)
        case (.writeTrueName, .writeFailed): failedRestorings += 1
        default: break
        }
        step = machine.handle(event)
        if step.action != .wait { underWay = step.action }
        note()
    }

    private mutating func note() {
        // From the moment it is asked for: an answer that is lost may have done its work.
        if case .writeEcho = underWay { foreign = true }
    }

    /// All that can happen to what is under way.
    var answers: [SyncMachine.Event] {
        switch underWay {
        case .sendReport:
            [
                .directed(Directive(verdict: .inSync, message: "")), .directed(Directive(verdict: .held, message: "")),
                .directed(follow(nil)), .directed(follow(HostNameEcho(name: nonce, seen: false))),
                .directed(follow(HostNameEcho(name: nonce, seen: true))), .serverFailed(waiting),
                .directed(challenging),
                .directed(Directive(verdict: .provisioning, message: "", startConfiguration: StartOrder())),
                .serverFailed(refusal),
            ]
        case .writeEcho, .writeTrueName: [.wrote, .writeFailed(Failure(.deviceSilent, "silent"))]
        case .startConfiguration: [.started, .startFailed(Failure(.deviceSilent, "silent"))]
        case .proveBoard: [.proved(BoardProof(problem: "no signature"))]
        case .announceWritten, .announceRestored, .tellProof:
            [.announced, .serverFailed(waiting), .serverFailed(refusal)]
        case .poll:
            [
                .progressed(told(.running)), .progressed(told(.running, seen: false)),
                .progressed(told(.running, seen: true)), .progressed(told(.done)),
                .progressed(told(.failed)), .progressed(told(.held, seen: false)), .serverFailed(waiting),
                .serverFailed(refusal),
            ]
        case .readFirmware:
            [.firmwareRead(.success(facts("pc2.example.com"))), .firmwareRead(.failure(Failure(.deviceBusy, "busy")))]
        case .wait, .finish: []
        }
    }

    private var challenging: Directive {
        var directive = follow(HostNameEcho(name: nonce, seen: false))
        directive.board = BoardChallenge(nonce: "AQID", answered: false)
        return directive
    }

    /// The rule above all.
    var isSafe: Bool {
        guard let outcome, foreign else { return true }
        return outcome.nameLeftBehind != nil && failedRestorings >= SyncMachine.restoringTries
            && outcome.exitStatus != .match
    }
}

@Suite("Whatever happens in whatever order")
struct SyncMachineWalkTests {
    @Test(
        "no run ends with a foreign name in the firmware unless it says so, in any story of seven events",
        arguments: [false, true])
    func allStories(restoringDue: Bool) {
        var ends = 0
        func explore(_ world: World, depth: Int) {
            #expect(world.isSafe)
            if world.outcome != nil { ends += 1 }
            guard depth > 0, world.outcome == nil else { return }
            for event in world.answers + [.interrupted(signal: 2), .timedOut] {
                var next = world
                next.happen(event)
                explore(next, depth: depth - 1)
            }
        }
        explore(World(restoringDue: restoringDue), depth: 7)
        #expect(ends > 1000)
    }

    @Test("every run ends soon once its time is over and nothing more fails")
    func ends() {
        var dice = Dice(state: 1)
        for _ in 0..<2000 {
            var world = World(restoringDue: Bool.random(using: &dice))
            for _ in 0..<Int.random(in: 0..<30, using: &dice) {
                guard let event = world.answers.randomElement(using: &dice) else { break }
                world.happen(event)
            }
            if world.outcome == nil { world.happen(.timedOut) }
            var steps = 0
            while world.outcome == nil, steps < 10, let event = world.answers.first {
                world.happen(event)
                steps += 1
            }
            #expect(world.outcome != nil)
            #expect(world.isSafe)
        }
    }
}

/// SplitMix64: the same walks every time.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
