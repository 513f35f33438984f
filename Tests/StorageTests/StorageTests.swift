import Fleet
import Foundation
import Jobs
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("The SQLite store")
struct StorageTests {
    static let machine = MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b")

    static func withStore(_ body: (SQLiteStore, String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try await body(try SQLiteStore(path: "\(folder)/store"), "\(folder)/store")
        }
    }

    @Test("keeps a job's events in order and whole, over a reopening")
    func journal() async throws {
        try await Self.withStore { store, path in
            let machine = try #require(Self.machine)
            let job = try await store.enqueue("rename", for: machine, parameters: "{}", now: 1, due: 1)
            let other = try await store.enqueue("provision", for: machine, parameters: "{}", now: 1, due: 1)
            let failure = Failure(.firmwareUnreachable, "reset", hint: "…", remedy: .wait)
            let written: [JobEvent] = [
                .began("a"), .failed("a", failure), .began("a"), .succeeded("a", output: #"{"mode":2}"#),
            ]
            for event in written { try await store.append(event, to: job.id) }
            try await store.append(.began("b"), to: other.id)
            let again = try SQLiteStore(path: path)
            #expect(try await again.events(of: job.id) == written)
            #expect(try await again.events(of: other.id) == [.began("b")])
            #expect(try await again.events(of: JobID(99)).isEmpty)
        }
    }

    @Test("of many who write at once each fails alone, and what others have written stays")
    func crowd() async throws {
        try await Self.withStore { store, path in
            let machines = try (0..<100).map {
                try #require(MachineID(smbios: [UInt8](repeating: 9, count: 15) + [UInt8($0)]))
            }
            let kept = try await withThrowingTaskGroup(of: MachineID?.self) { group in
                for (number, machine) in machines.enumerated() {
                    group.addTask {
                        let name = try Hostname("pc-\(number).corp.example.test")
                        do throws(Failure) {
                            _ = try await store.change(machine) { (record: inout DeviceRecord?) throws(Failure) in
                                record = DeviceRecord(
                                    machine: machine, temporaryHostname: "pc", name: name, address: "127.0.0.1", now: 1)
                                if number % 3 == 0 { throw Failure(.nameTaken, "\(number)") }
                            }
                            // A job's line after its record, as the engine writes.
                            let job = try await store.enqueue("rename", for: machine, parameters: "{}", now: 1, due: 1)
                            try await store.append(.began("a"), to: job.id)
                            return machine
                        } catch {
                            #expect(error.code == .nameTaken && error.message == "\(number)")
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: Set<MachineID>()) { if let kept = $1 { $0.insert(kept) } }
            }
            #expect(kept.count == 66)
            let again = try SQLiteStore(path: path)
            #expect(Set(try await again.devices().map(\.machine)) == kept)
            for machine in machines {
                let jobs = try await again.jobs(of: machine)
                #expect(jobs.count == (kept.contains(machine) ? 1 : 0))
                for job in jobs { #expect(try await again.events(of: job.id) == [.began("a")]) }
            }
        }
    }

    @Test("keeps of what is shown for a job what came first, over a reopening")
    func evidence() async throws {
        try await Self.withStore { store, path in
            let machine = try #require(Self.machine)
            let job = try await store.enqueue("rename", for: machine, parameters: "{}", now: 1, due: 1).id
            let (one, two) = (EvidenceKind(rawValue: "one"), EvidenceKind(rawValue: "two"))
            #expect(try await store.evidence(one, of: job) == nil)
            #expect(try await store.keep("first", as: one, for: job, now: 2) == "first")
            #expect(try await store.keep("second", as: one, for: job, now: 3) == "first")
            #expect(try await store.keep("other", as: two, for: job, now: 3) == "other")
            let again = try SQLiteStore(path: path)
            #expect(try await again.evidence(one, of: job) == "first")
            #expect(try await again.evidence(one, of: JobID(99)) == nil)
            // Servers that share the store decide it together.
            let kept = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<8 {
                    let store = number % 2 == 0 ? store : again
                    group.addTask {
                        try await store.keep("\(number)", as: EvidenceKind(rawValue: "race"), for: job, now: 4)
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(kept.count == 1)
        }
    }

    @Test("gives the unfinished job of a kind instead of a second one")
    func joining() async throws {
        try await Self.withStore { store, _ in
            let machine = try #require(Self.machine)
            let first = try await store.enqueue("rename", for: machine, parameters: "1", now: 1, due: 1)
            #expect(try await store.enqueue("rename", for: machine, parameters: "2", now: 2, due: 2) == first)
            try await store.settle(first.id, .done, now: 3)
            #expect(try await store.enqueue("rename", for: machine, parameters: "2", now: 4, due: 4).id != first.id)
        }
    }

    @Test("claims what is due, longest first, and never two jobs of one machine at once")
    func claiming() async throws {
        try await Self.withStore { store, _ in
            let machine = try #require(Self.machine)
            let other = try #require(MachineID("00112233-4455-6677-8899-aabbccddeeff"))
            let late = try await store.enqueue("rename", for: machine, parameters: "{}", now: 0, due: 5)
            let early = try await store.enqueue("provision", for: machine, parameters: "{}", now: 0, due: 2)
            let elsewhere = try await store.enqueue("rename", for: other, parameters: "{}", now: 0, due: 3)
            #expect(try await store.claim(now: 1) == nil)
            #expect(try await store.nextDue() == 2)
            #expect(try await store.claim(now: 10)?.id == early.id)
            #expect(try await store.claim(now: 10)?.id == elsewhere.id)
            #expect(try await store.claim(now: 10) == nil, "the machine's other job has to wait")
            try await store.settle(early.id, .done, now: 11)
            #expect(try await store.claim(now: 11)?.id == late.id)
        }
    }

    @Test("makes running jobs due again at the next start, and setbacks wait longer each time")
    func recovery() async throws {
        try await Self.withStore { store, path in
            let machine = try #require(Self.machine)
            let job = try await store.enqueue("rename", for: machine, parameters: "{}", now: 0, due: 0)
            _ = try await store.claim(now: 0)
            let again = try SQLiteStore(path: path)
            #expect(try await again.recover(now: 7) == [job.id])
            #expect(try await again.claim(now: 7)?.id == job.id)
            let away = Failure(.firmwareUnreachable, "away", remedy: .wait)
            try await again.settle(job.id, .waiting(away), now: 10)
            #expect(try await again.job(job.id)?.due == 10 + pauseAfter(setbacks: 1, of: machine))
            _ = try await again.claim(now: 12)
            try await again.settle(job.id, .waiting(away), now: 12)
            #expect(try await again.job(job.id)?.due == 12 + pauseAfter(setbacks: 2, of: machine))
            try await again.hasten(job.id, now: 12)
            #expect(try await again.job(job.id)?.due == 12)
            #expect(try await again.job(job.id)?.failure == away)
        }
    }

    @Test("changes a record as one transaction, or not at all")
    func records() async throws {
        try await Self.withStore { store, _ in
            let machine = try #require(Self.machine)
            let name = try Hostname("a.example.test")
            _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                record = DeviceRecord(
                    machine: machine, temporaryHostname: "a", name: name, address: "127.0.0.1", now: 1)
            }
            await #expect(throws: Failure.self) {
                try await store.change(machine) { (record: inout DeviceRecord?) throws(Failure) in
                    record?.address = "changed"
                    throw Failure(.nameTaken, "no")
                }
            }
            #expect(try await store.device(machine)?.address == "127.0.0.1")
            let other = try #require(MachineID("00112233-4455-6677-8899-aabbccddeeff"))
            #expect(try await store.holder(of: name, otherThan: other) == machine)
            #expect(try await store.holder(of: name, otherThan: machine) == nil)
        }
    }

    @Test("keeps old secrets until the newest is settled")
    func secrets() async throws {
        try await Self.withStore { store, _ in
            let machine = try #require(Self.machine)
            try await store.keep([1], as: .adminPassword, of: machine, now: 1)
            try await store.keep([2], as: .adminPassword, of: machine, now: 2)
            try await store.keep([3], as: .account("x"), of: machine, now: 2)
            #expect(try await store.sealed(.adminPassword, of: machine) == [[2], [1]])
            try await store.forget(.adminPassword, of: machine, keepingNewest: true)
            #expect(try await store.sealed(.adminPassword, of: machine) == [[2]])
            try await store.forget(.adminPassword, of: machine, keepingNewest: false)
            #expect(try await store.sealed(.adminPassword, of: machine).isEmpty)
            #expect(try await store.sealed(.account("x"), of: machine) == [[3]])
        }
    }

    @Test("knows tokens by their hashes until they end")
    func tokens() async throws {
        try await Self.withStore { store, _ in
            let hash = [UInt8](repeating: 7, count: 32)
            let (machine, other) = try (
                #require(Self.machine), #require(MachineID("00112233-4455-6677-8899-aabbccddeeff"))
            )
            try await store.add(BuildToken(hash: hash, note: "", created: 0, ends: 10, uses: 1), hash: hash)
            func admits(_ machine: MachineID?, spends: Bool = true, now: Double = 9, hash: [UInt8] = hash) async -> Bool
            {
                (try? await store.admit(hash: hash, for: machine, spends: spends, now: now)) != nil
            }
            #expect(await admits(nil))
            #expect(await admits(other, spends: false), "looking is no use")
            #expect(await admits(machine))
            #expect(await admits(machine), "the same machine comes again")
            #expect(await !admits(other), "its one use is spent")
            #expect(await !admits(nil, now: 10))
            #expect(await !admits(nil, hash: [UInt8](repeating: 8, count: 32)))
            #expect(try await store.tokens().map(\.machines) == [[machine]])
            #expect(try await store.revoke(token: "nothing", now: 5) == nil)
            #expect(try await store.revoke(token: BuildToken.id(of: hash), now: 5)?.revoked == 5)
            #expect(await !admits(machine))
        }
    }

    @Test("says what to do when the file is no database")
    func damaged() async throws {
        try await withTemporaryFolder { folder in
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: "\(folder)/store"))
            let failure = #expect(throws: Failure.self) { try SQLiteStore(path: "\(folder)/store") }
            #expect(failure?.code == .storeDamaged)
            #expect(failure?.hint != nil)
        }
    }
}
