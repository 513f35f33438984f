import Foundation
import Jobs
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("Leases in the SQLite store")
struct StorageLeaseTests {
    /// One database, opened as two servers open it: each by a path of its own.
    static func withTwo(_ body: (SQLiteStore, SQLiteStore, JobRecord) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let first = try SQLiteStore(path: "\(folder)/store")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: "\(folder)/store")
            let machine = try #require(StorageTests.machine)
            let job = try await first.enqueue("rename", for: machine, parameters: "{}", now: 0, due: 0)
            try await body(first, try SQLiteStore(path: "\(folder)/link"), job)
        }
    }

    @Test("another server's job is claimed when its lease has run out, and not while that is renewed")
    func expiry() async throws {
        try await Self.withTwo { first, second, job async throws in
            #expect(try await first.claim(now: 0)?.id == job.id)
            #expect(try await second.nextDue() == 30)
            #expect(try await first.nextDue() == nil, "its own it knows of")
            #expect(try await second.claim(now: 29) == nil)
            #expect(try await first.renewLeases(now: 29) == [job.id])
            #expect(try await second.claim(now: 58) == nil)
            #expect(try await second.claim(now: 59)?.id == job.id)
            #expect(try await first.renewLeases(now: 59).isEmpty)
            #expect(try await second.renewLeases(now: 59) == [job.id])
        }
    }

    @Test("of jobs that are queued, wait and were left, the one that is longest due is claimed first, and none twice")
    func order() async throws {
        try await Self.withTwo { first, second, left async throws in
            #expect(try await first.claim(now: 5)?.id == left.id)
            var made: [JobRecord] = [left]
            for (place, due) in [40.0, 10, 20, 30].enumerated() {
                let machine = try #require(MachineID(smbios: [UInt8](repeating: 7, count: 15) + [UInt8(place)]))
                made.append(try await first.enqueue("rename", for: machine, parameters: "{}", now: 0, due: due))
            }
            #expect(try await second.claim(now: 10)?.id == made[2].id)
            try await second.settle(made[2].id, .waiting(Failure(.firmwareUnreachable, "x")), now: 10)
            let again = try #require(try await second.job(made[2].id)).due
            #expect(try await second.nextDue() == again, "\(again)")
            var claimed: [JobID] = []
            while let job = try await second.claim(now: 100) { claimed.append(job.id) }
            #expect(claimed == [left.id, made[2].id, made[3].id, made[4].id, made[1].id])
            #expect(try await first.claim(now: 100) == nil)
        }
    }

    @Test("of unfinished jobs those are found that claim a name")
    func claims() async throws {
        try await Self.withTwo { first, second, other async throws in
            let name = try Hostname("ws-1.corp.example.test")
            var made: [JobID] = []
            for (place, claim) in ["ws-1.corp.example.test", "ws-2.corp.example.test", "ws-1.corp.example.test"]
                .enumerated()
            {
                let machine = try #require(MachineID(smbios: [UInt8](repeating: 8, count: 15) + [UInt8(place)]))
                made.append(
                    try await first.enqueue(
                        "rename", for: machine, parameters: #"{"claim":"\#(claim)","echo":"x"}"#, now: 0, due: 1
                    ).id)
            }
            #expect(try await second.unfinishedJobs(claiming: name).map(\.id) == [made[0], made[2]])
            try await first.settle(made[0], .done, now: 2)
            #expect(try await second.unfinishedJobs(claiming: name).map(\.id) == [made[2]])
        }
    }

    @Test("a server that has lost a job can write nothing more of it, people still can")
    func fencing() async throws {
        try await Self.withTwo { first, second, job async throws in
            _ = try await first.claim(now: 0)
            try await first.append(.began("a"), to: job.id)
            _ = try await second.claim(now: 31)
            for event in [JobEvent.began("b"), .succeeded("a", output: "{}")] {
                let failure = await #expect(throws: Failure.self) { try await first.append(event, to: job.id) }
                #expect(failure?.code == .leaseLost)
            }
            let both = await #expect(throws: Failure.self) {
                try await first.append(.succeeded("a", output: "{}"), requests: [], then: .began("b"), to: job.id)
            }
            #expect(both?.code == .leaseLost)
            let failure = await #expect(throws: Failure.self) { try await first.settle(job.id, .done, now: 32) }
            #expect(failure?.code == .leaseLost)
            try await first.append(.cancelled(reason: "x"), to: job.id)
            try await second.append(.succeeded("a", output: "{}"), requests: [], then: .began("b"), to: job.id)
            try await second.settle(job.id, .done, now: 33)
            #expect(
                try await second.events(of: job.id) == [
                    .began("a"), .cancelled(reason: "x"), .succeeded("a", output: "{}"), .began("b"),
                ])
            #expect(try await first.job(job.id)?.state == .done)
        }
    }

    @Test("at its start a server takes up what its own last process left, and leaves another server's jobs alone")
    func restart() async throws {
        try await Self.withTwo { first, second, job async throws in
            _ = try await first.claim(now: 0)
            #expect(try await second.recover(now: 1).isEmpty)
            #expect(try await second.claim(now: 1) == nil)
            // The same place, another process.
            var again = first
            again.lease = Lease(place: String(first.lease.place.dropLast()), token: "another")
            #expect(try await again.recover(now: 1) == [job.id])
            #expect(try await again.claim(now: 1)?.id == job.id)
        }
    }

    @Test("what this process believes of a lease ends by itself, or when the store does not name the job any more")
    func book() throws {
        let book = LeaseBook(seconds: 30)
        let (one, two, now) = (JobID(1), JobID(2), ContinuousClock.now)
        book.claimed(one, at: now)
        book.claimed(two, at: now - .seconds(31))
        #expect(book.holds(one) && !book.holds(two))
        book.renewed([two], at: now + .seconds(1))
        #expect(book.holds(two) && !book.holds(one))
        book.claimed(one, at: now + .seconds(2))
        book.renewed([], at: now + .seconds(1))
        #expect(book.holds(one), "claimed after the store was asked")
        #expect(!book.holds(two))
    }
}
