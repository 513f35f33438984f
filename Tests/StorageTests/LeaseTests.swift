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
            let failure = await #expect(throws: Failure.self) { try await first.settle(job.id, .done, now: 32) }
            #expect(failure?.code == .leaseLost)
            try await first.append(.cancelled(reason: "x"), to: job.id)
            try await second.append(.succeeded("a", output: "{}"), to: job.id)
            try await second.settle(job.id, .done, now: 33)
            #expect(try await second.events(of: job.id).count == 3)
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
