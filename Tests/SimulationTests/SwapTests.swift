import Foundation
import Provisioning
import Testing
import Vocabulary

@testable import SimulationKit

/// Two machines whose addresses are each other's from one moment on, at every request of their jobs.
///
/// A firmware in set-up has no key that could be pinned, and opens to our certificate whichever machine it is of. World 392
/// found it: after an answer that never came, a job went on at the machine that had the address by then, and gave that one
/// its own machine's password, account and certificate. Each fourth case; `NAMESAKE_MATRIX=all` takes all.
@Suite("Two machines that swap addresses")
struct SwapTests {
    static func two(_ parts: Parts) -> World {
        let devices = (1...2).map { SimulatedDevice(number: $0, roots: [parts.setUpRoot], now: World.start) }
        return World(
            World.State(devices: devices, now: World.start, dice: Dice(seed: 1)), store: .init(), parts: parts)
    }

    /// Runs the same story once without a swap, then with one at each of its requests, alone and with an answer lost to it.
    static func swapEverywhere(_ begin: (World) async throws -> Void) async throws -> Int {
        let parts = try Parts()
        let calm = two(parts)
        try await begin(calm)
        let before = calm.with(\.attempts)
        try await calm.run(until: World.start + 86_400)
        #expect(try await Storm.problems(of: calm).isEmpty)
        let last = calm.with(\.attempts)
        try #require(last > before + 20)
        let stride = ProcessInfo.processInfo.environment["NAMESAKE_MATRIX"] == "all" ? 1 : 4
        for (place, number) in ((before + 1)...last).enumerated() {
            for (kind, fault) in ([nil, .dropAfter, .stall] as [World.Fault?]).enumerated()
            where (3 * place + kind) % stride == 0 {
                let world = two(parts)
                try await begin(world)
                world.with { state in
                    // A lost answer to the request before, or none at all: the next attempt begins at the other machine.
                    state.planned = fault.map { (number - 1, $0) }
                    state.swapsBefore = number
                    state.scheduleRounds()
                }
                try await world.run(until: World.start + 20 * 86_400)
                let problems = try await Storm.problems(of: world)
                if !problems.isEmpty { for (place, line) in world.with(\.story) { print(place ?? -1, line) } }
                let what = fault.map { "\($0) before it" } ?? "nothing else"
                #expect(problems.isEmpty, "swap at request \(number), \(what): \(problems)")
                #expect(world.with(\.attempts) >= number)
            }
        }
        return last - before
    }

    @Test(
        "in set-up: neither job acts at the other's machine, whether set-up asks for a password or not",
        arguments: [false, true])
    func provision(asksForPassword: Bool) async throws {
        let count = try await Self.swapEverywhere { world in
            world.with { state in
                for place in 0...1 {
                    if asksForPassword { state.devices[place].askForPasswordInSetUp() }
                    state.schedule(.hello(place), in: 1)
                }
            }
        }
        print("swaps at each of \(count) requests of two provisionings")
    }

    @Test("on the road of partial unprovisioning, managed or in set-up")
    func reprovision() async throws {
        let count = try await Self.swapEverywhere { world in
            world.with { state in for place in 0...1 { state.schedule(.hello(place), in: 1) } }
            try await world.run(until: World.start + 600)
            for place in 0...1 {
                let machine = try #require(MachineID(smbios: world.with { $0.devices[place].uuid }))
                _ = try await world.serverCore.begin(.reprovision, of: machine, dryRun: false)
            }
        }
        print("swaps at each of \(count) requests of two reprovisionings")
    }
}
