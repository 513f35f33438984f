import Fleet
import Foundation
import Jobs
import Provisioning
import StorageSQLite
import Testing
import Vocabulary
import Wire

@Suite("Who a machine is, over time")
struct IdentityTests {
    @Test("two machines that claim one name at the same moment do not both get it")
    func race() async throws {
        try await CoreBench.run { bench in
            let machines = try (1...8).map { try #require(CoreBench.machine($0)) }
            for machine in machines {
                #expect(try await bench.hello(machine) == .provision)
                try await bench.endJob(of: machine)
            }
            for round in 0..<20 {
                let followed = await withTaskGroup(of: Bool.self) { group in
                    for machine in machines {
                        group.addTask {
                            (try? await bench.report(machine, "ws-\(round).corp.example.test"))?.verdict == .follow
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(followed == 1, "round \(round)")
                for machine in machines { try await bench.endJob(of: machine) }
            }
            let names = try await bench.store.devices().map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test("10,000 re-images leave one record a machine, each with its history, and no name twice")
    func reimages() async throws {
        try await CoreBench.run { bench in
            let machines = try (1...1000).map { try #require(CoreBench.machine($0)) }
            for machine in machines {
                #expect(try await bench.hello(machine) == .provision)
                try await bench.endJob(of: machine)
            }
            var refused = 0
            for image in 0..<10_000 {
                let machine = machines[image * 37 % machines.count]
                if image % 3 == 0 {
                    // The firmware was unprovisioned with it: it says hello, and a person takes the machine back.
                    guard case .leave = try await bench.hello(machine) else {
                        Issue.record("a managed machine is provisioned over")
                        return
                    }
                    _ = try await bench.core.readmit(machine)
                    try await bench.endJob(of: machine)
                }
                // Every now and then an image has the name of another machine in it.
                let number = image * 37 % machines.count + (image % 11 == 0 ? 1 : 0)
                let name = "ws-\(number)-\(image / 1000 % 7).corp.example.test"
                do { _ = try await bench.report(machine, name) } catch {
                    #expect((error as? Failure)?.code == .nameTaken)
                    refused += 1
                }
                try await bench.endJob(of: machine)
            }
            let records = try await bench.store.devices()
            #expect(records.count == machines.count, "a duplicate record")
            #expect(Set(records.map(\.name)).count == records.count, "a duplicate name")
            #expect(Set(records.map(\.temporaryHostname)).count == records.count)
            #expect(records.allSatisfy { $0.stage == .managed && ($0.aliases?.count ?? 0) > 5 })
            #expect(refused > 0, "no claim ever met another machine's name")
            #expect(try await bench.store.unfinishedJobs(of: nil).isEmpty)
        }
    }

    @Test("a job that fails between two machines under one UUID leaves the word of them, and the record held")
    func twinsAndFailure() async throws {
        try await CoreBench.run { bench in
            let machine = try #require(CoreBench.machine(1))
            for address in ["127.0.0.2", "127.0.0.3", "127.0.0.2"] { _ = try await bench.hello(machine, from: address) }
            let job = try #require(try await bench.store.jobs(of: machine).last)
            let failure = Failure(.firmwareUnreachable, "nobody answers", hint: "Look at it.")
            try await bench.core.settle(job, .failed(failure))
            let record = try #require(try await bench.store.device(machine))
            #expect(record.stage == .held && record.note?.contains("a twin") == true, "\(record.note ?? "no note")")
        }
    }

    @Test("a swapped board takes the name of the one before, once that is retired; a retired one is left alone")
    func boardSwap() async throws {
        try await CoreBench.run { bench in
            let (old, new) = try (#require(CoreBench.machine(1)), #require(CoreBench.machine(2)))
            for machine in [old, new] {
                _ = try await bench.hello(machine)
                try await bench.endJob(of: machine)
            }
            _ = try await bench.report(old, "ws-1.corp.example.test")
            try await bench.endJob(of: old)
            let taken = await #expect(throws: Failure.self) { try await bench.report(new, "ws-1.corp.example.test") }
            #expect(taken?.code == .nameTaken)
            let stranger = try #require(CoreBench.machine(3))
            await #expect(throws: Failure.self) { try await bench.core.retire(old, replacedBy: stranger) }
            let retired = try await bench.core.retire(old, replacedBy: new)
            #expect(retired.replacedBy == new && retired.collection == nil)
            #expect(try await bench.report(new, "ws-1.corp.example.test").verdict == .follow)
            try await bench.endJob(of: new)

            guard case .leave = try await bench.hello(old) else {
                Issue.record("a retired machine is provisioned")
                return
            }
            let late = await #expect(throws: Failure.self) { try await bench.report(old, "ws-2.corp.example.test") }
            #expect(late?.message.contains("retired") == true)
            _ = try await bench.core.readmit(old)
            try await bench.endJob(of: old)
            let record = try #require(try await bench.store.device(old))
            #expect(record.name.host == record.temporaryHostname, "its former name is another one's by now")
            #expect(record.aliases?.map(\.name.text).contains("ws-1.corp.example.test") == true)
            let changes = try await bench.store.changes(after: 0, limit: 100).filter { $0.machine == old }
            #expect(changes.map(\.to).contains(nil), "its retirement was told")
        }
    }

    @Test("a job proves the machine for the key that it was begun with, and nobody else joins it")
    func oneKey() async throws {
        try await CoreBench.run { bench in
            let machine = try #require(CoreBench.machine(1))
            _ = try await bench.hello(machine)
            try await bench.endJob(of: machine)
            let name = "ws-1.corp.example.test"
            let begun = try await bench.report(machine, name, key: "aa")
            #expect(begun.echo != nil)
            for key in ["bb", nil] {
                let refused = await #expect(throws: Failure.self) {
                    try await bench.report(machine, name, key: key)
                }
                #expect(refused?.code == .jobUnderWay, "\(key ?? "none")")
            }
            #expect(try await bench.report(machine, name, key: "aa").job == begun.job)
        }
    }
}
