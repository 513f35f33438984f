import Fleet
import Foundation
import Jobs
import Provisioning
import Synchronization
import Testing
import Vocabulary
import Wire

@Suite("The nonce that a board is to sign")
struct ChallengeTests {
    private static func prepared(
        asks: Bool = true, _ body: (CoreBench, ServerCore, MachineID, Clock) async throws -> Void
    ) async throws {
        try await CoreBench.run { bench in
            let machine = try #require(CoreBench.machine(1))
            _ = try await bench.hello(machine)
            try await bench.endJob(of: machine)
            let time = Clock(Date().timeIntervalSince1970)
            var core = ServerCore(
                store: bench.store, domain: bench.domain, policy: NamePolicy(domains: [bench.domain]),
                routes: bench.core.routes, board: SignalBoard(), clock: { time.seconds }, ring: {})
            core.asksBoards = asks
            try await body(bench, core, machine, time)
        }
    }

    private final class Clock: Sendable {
        private let now: Mutex<Double>
        init(_ now: Double) { self.now = Mutex(now) }
        var seconds: Double { now.withLock { $0 } }
        func advance(_ seconds: Double) { now.withLock { $0 += seconds } }
    }

    private static func report(_ machine: MachineID, _ core: ServerCore) async throws -> Directive {
        try await core.take(
            Report(
                agentVersion: "x", machine: machine, osName: try Hostname("ws-1.corp.example.test"),
                osNameRule: "--name", firmwareName: nil, provisioningState: .post, controlMode: .admin))
    }

    private static func refused(_ core: ServerCore, _ proof: BoardProof, _ job: String) async throws -> String {
        let failure = try await #require(throws: Failure.self) { _ = try await core.take(proof, about: job) }
        #expect(failure.code == .boardNotProved)
        return failure.message
    }

    @Test("is a job's own, 20 bytes, and good for one answer, which may come twice")
    func once() async throws {
        try await Self.prepared { bench, core, machine, _ in
            let directive = try await Self.report(machine, core)
            let (job, challenge) = (try #require(directive.job), try #require(directive.board))
            #expect(Data(base64Encoded: challenge.nonce)?.count == 20 && !challenge.answered)
            #expect(try await Self.report(machine, core).board == challenge, "a second report joins")
            let proof = BoardProof(problem: "none")
            #expect(try await core.take(proof, about: job))
            #expect(try await core.take(proof, about: job), "its answer was lost, and it comes again")
            #expect(try await core.progress(of: job)?.board?.answered == true)
            #expect(try await Self.refused(core, BoardProof(problem: "another"), job).contains("one answer"))
            for stranger in ["999", "x"] { #expect(try await !core.take(proof, about: stranger)) }
            try await bench.endJob(of: machine)
            #expect(try await core.progress(of: job)?.board == nil)
            #expect(try await core.take(proof, about: job), "the same one, late")
            let next = try await core.take(
                Report(
                    agentVersion: "x", machine: machine, osName: try Hostname("ws-2.corp.example.test"),
                    osNameRule: "--name", firmwareName: nil, provisioningState: .post, controlMode: .admin))
            #expect(next.board != nil && next.board?.nonce != challenge.nonce)
        }
    }

    @Test("expires ten minutes after its job was made")
    func expiry() async throws {
        try await Self.prepared { _, core, machine, time in
            let directive = try await Self.report(machine, core)
            let job = try #require(directive.job)
            time.advance(601)
            #expect(try await core.progress(of: job)?.board == nil)
            #expect(try await Self.refused(core, BoardProof(problem: "late"), job).contains("expired"))
        }
    }

    @Test("is not there where no board is asked, and an answer to nothing is refused")
    func unasked() async throws {
        try await Self.prepared(asks: false) { _, core, machine, _ in
            let directive = try await Self.report(machine, core)
            #expect(directive.board == nil && directive.echo != nil)
            let job = try #require(directive.job)
            #expect(try await Self.refused(core, BoardProof(problem: "x"), job).contains("asks for no signature"))
        }
    }
}
