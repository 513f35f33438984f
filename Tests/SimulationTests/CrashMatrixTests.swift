import Fleet
import Foundation
import Jobs
import Provisioning
import Synchronization
import Testing
import Vocabulary

@testable import SimulationKit

/// One job with one thing going wrong, for every job, every place and every thing.
struct CrashCase: Sendable, CustomStringConvertible {
    enum Mishap: Sendable {
        case request(Int, World.Fault)
        /// The server is killed at this write of its store, which is lost or kept.
        case write(Int, isKept: Bool)
    }

    var story: Story
    var mishap: Mishap

    var description: String {
        switch mishap {
        case .request(let number, let fault): "\(story.rawValue), \(fault) at request \(number)"
        case .write(let number, let isKept):
            "\(story.rawValue), killed \(isKept ? "after" : "before") write \(number) of the store"
        }
    }
}

/// What jobs there are, each from a firmware's state that calls for it.
enum Story: String, CaseIterable, Sendable {
    case provision
    case provisionByPassword = "provision, where set-up asks for a password"
    case renameWithAccountOfProvisioning = "rename, with the account of provisioning"
    case renameWithAccountOfItsOwn = "rename, with an account of its own"
    case reprovision
    case reprovisionByPassword = "reprovision, where set-up asks for a password"
    case renew
    case sweep
    case unprovision
    case unprovisionInFull = "unprovision, in full"
    case adopt
    case bootFromNetwork = "boot-pxe"

    /// How many earlier stories the machine has behind it.
    var beginsWith: Before {
        switch self {
        case .provision, .provisionByPassword: .setUp
        case .renameWithAccountOfProvisioning: .provisioned
        default: .renamed
        }
    }

    enum Before: Sendable { case setUp, provisioned, renamed }

    func begin(in world: World) async throws {
        let core = world.serverCore
        let machine = try #require(world.with { MachineID(smbios: $0.devices[0].uuid) })
        if [.provisionByPassword, .reprovisionByPassword].contains(self) {
            world.with { $0.devices[0].askForPasswordInSetUp() }
        }
        switch self {
        case .provision, .provisionByPassword: world.with { $0.schedule(.hello(0), in: 1) }
        case .renameWithAccountOfProvisioning, .renameWithAccountOfItsOwn:
            world.with { $0.schedule(.rename(0), in: 1) }
        case .reprovision, .reprovisionByPassword: _ = try await core.begin(.reprovision, of: machine, dryRun: false)
        case .unprovision: _ = try await core.begin(.unprovision, of: machine, full: false, dryRun: false)
        case .unprovisionInFull: _ = try await core.begin(.unprovision, of: machine, full: true, dryRun: false)
        case .adopt: try await adopt(machine, in: world)
        case .bootFromNetwork: _ = try await core.console(["devices", machine.text, "boot-pxe"])
        case .renew: _ = try await core.console(["devices", machine.text, "renew"])
        case .sweep:
            world.with { $0.devices[0].leaveAccount("nsk-orphan") }
            _ = try await core.console(["accounts", "sweep", machine.text])
        }
        world.with { $0.scheduleRounds() }
    }

    /// A server that has never heard of the machine, and a person who knows its admin password and has seen its key.
    private func adopt(_ machine: MachineID, in world: World) async throws {
        let vault = Vault(key: world.parts.key, store: world.store)
        let password = try await vault.secret(.adminPassword, of: machine)
        let firmware = try #require(try await world.store.device(machine)?.firmware)
        world.store.content.withLock { $0 = MemoryStore.Content() }
        try await vault.keep(password, as: .adoption, of: machine, now: World.start)
        let told = AdoptParameters(name: firmware.name, pin: firmware.pin, user: "admin", takesAdmin: true)
        _ = try await world.serverCore.adopt(machine, at: world.with { $0.devices[0].address }, told)
    }
}

/// Every job, cut at every request and at every write of the store.
///
/// CI takes each 13th case, another 13th for each `NAMESAKE_SEED`; `NAMESAKE_MATRIX=all` takes all, `NAMESAKE_CASE` one by its
/// description, and prints its story; `NAMESAKE_STORIES` names jobs, with `;` between them.
@Suite("Crash matrix", .serialized)
struct CrashMatrixTests {
    typealias Base = (state: World.State, content: MemoryStore.Content)

    @Test("whatever goes wrong wherever, the machine ends whole")
    func matrix() async throws {
        let bench = try await Bench()
        let settings = ProcessInfo.processInfo.environment
        let stride = settings["NAMESAKE_MATRIX"] == "all" ? 1 : 13
        let first = (settings["NAMESAKE_SEED"].flatMap(Int.init) ?? 0) % stride
        var (ran, total) = (0, 0)
        let stories = settings["NAMESAKE_STORIES"]?.split(separator: ";").map(String.init)
        for story in Story.allCases where stories?.contains(story.rawValue) ?? true {
            let cases = try await bench.cases(of: story)
            let only = settings["NAMESAKE_CASE"]
            let chosen = cases.enumerated().filter { place, one in
                only.map { one.description == $0 } ?? (place % stride == first)
            }.map(\.element)
            for one in chosen { try await bench.run(one, tells: only != nil) }
            print("\(story.rawValue): \(chosen.count) of \(cases.count) cases")
            (ran, total) = (ran + chosen.count, total + cases.count)
        }
        print("crash matrix: \(ran) of \(total) cases")
        #expect(ran > 0)
    }

    /// The states that stories begin with.
    struct Bench {
        let parts: Parts
        private var bases: [Story.Before: Base] = [:]

        init() async throws {
            parts = try Parts()
            let device = SimulatedDevice(number: 1, roots: [parts.setUpRoot], now: World.start)
            bases[.setUp] = (World.State(devices: [device], now: World.start, dice: Dice(seed: 1)), .init())
            bases[.provisioned] = try await after(.provision)
            bases[.renamed] = try await after(.renameWithAccountOfProvisioning)
        }

        private func after(_ story: Story) async throws -> Base {
            let world = try world(story)
            try await story.begin(in: world)
            try await world.run(until: World.start + 86_400)
            try #require(try await Storm.problems(of: world).isEmpty)
            return (world.with { $0 }, world.store.content.withLock { $0 })
        }

        func world(_ story: Story) throws -> World {
            var base = try #require(bases[story.beginsWith])
            base.state.queue = []
            base.state.story = []
            base.state.attempts = 0
            // Where a person at the server begins the job, no agent looks after the name.
            if ![.provision, .renameWithAccountOfProvisioning, .renameWithAccountOfItsOwn].contains(story) {
                base.state.devices[0].osName = nil
            }
            base.content.writes = 0
            return World(base.state, store: base.content, parts: parts)
        }

        /// The story as it goes when nothing goes wrong tells how many places there are.
        func cases(of story: Story) async throws -> [CrashCase] {
            let world = try world(story)
            try await story.begin(in: world)
            let given = world.store.content.withLock { $0.writes }
            try await world.run(until: World.start + 86_400)
            let (requests, writes) = (world.with(\.attempts), world.store.content.withLock { $0.writes })
            let faults = World.Fault.allCases.filter { $0 != .crashInStore }
            return (1...requests).flatMap { number in
                faults.map { CrashCase(story: story, mishap: .request(number, $0)) }
            }
                + ((given + 1)...writes).flatMap { number in
                    [false, true].map { CrashCase(story: story, mishap: .write(number, isKept: $0)) }
                }
        }

        func run(_ one: CrashCase, tells: Bool) async throws {
            let world = try world(one.story)
            try await one.story.begin(in: world)
            switch one.mishap {
            case .request(let number, let fault): world.with { $0.planned = (number, fault) }
            case .write(let number, let isKept): world.store.content.withLock { $0.kill = (number, isKept) }
            }
            var problems: [Storm.Problem]
            do {
                try await world.run(until: World.start + 20 * 86_400)
                problems = try await Storm.problems(of: world)
            } catch let error as World.Restless { problems = [Storm.Problem(device: 0, what: "\(error)")] }
            if tells || !problems.isEmpty { for (_, line) in world.with({ $0.story }) { print(line) } }
            #expect(problems.isEmpty, "\(one): \(problems)")
            // Only what a job takes back in full has to be opened by hand; every other one finds its window open.
            #expect(world.with(\.opened).isEmpty || one.story == .unprovisionInFull, "\(one): set-up was over")
            let struck = world.with { !$0.struck.isEmpty || $0.restarts > 0 }
            #expect(struck, "\(one): nothing went wrong")
        }
    }
}
