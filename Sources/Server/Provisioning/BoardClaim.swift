import AMTOperations
import Certificates
import Fleet
import Foundation
import Jobs
package import Vocabulary
import WSMan
package import Wire

extension EvidenceKind {
    /// The answer to a job's ``BoardChallenge``, as JSON.
    static let boardProof = EvidenceKind(rawValue: "board-proof")
}

extension ServerCore {
    /// How long an answer to a challenge is taken, in seconds after its job was made.
    static let challengeLifetime = 600.0

    /// What the agent shall have signed; `nil` where nothing is asked for, or no more.
    func challenge(of job: JobRecord) async throws(Failure) -> BoardChallenge? {
        guard let nonce = try job.claim?.boardNonce, !job.state.isFinal, clock() < job.created + Self.challengeLifetime
        else { return nil }
        let answer = try await store.evidence(.boardProof, of: job.id)
        return BoardChallenge(nonce: nonce, answered: answer != nil)
    }

    /// Keeps the answer to a job's challenge, the first one alone; it is judged when the firmware is met.
    ///
    /// - Returns: `false` when there is no such job.
    /// - Throws: ``Failure`` with ``Failure/Code/boardNotProved`` for an answer that nobody asked for, that comes too late
    ///   or second.
    package func take(_ proof: BoardProof, about text: String) async throws(Failure) -> Bool {
        guard let id = JobID(text), let job = try await store.job(id) else { return false }
        guard try job.claim?.boardNonce != nil else {
            throw Failure(.boardNotProved, "job \(id) asks for no signature of the board")
        }
        let (answer, now) = (try encoded(proof), clock())
        var kept = try await store.evidence(.boardProof, of: id)
        if kept == nil {
            guard !job.state.isFinal, now < job.created + Self.challengeLifetime else {
                throw Failure(
                    .boardNotProved, "the challenge of job \(id) has expired",
                    hint: "Run sync again: another claim gets another challenge.")
            }
            kept = try await store.keep(answer, as: .boardProof, for: id, now: now)
        }
        guard kept == answer else {
            throw Failure(
                .boardNotProved, "the challenge of job \(id) has been answered already: it is good for one answer",
                hint: "If nobody else ran sync on this machine, look at the job first.")
        }
        return true
    }
}

extension FirmwareContext {
    /// Whether the board has proved itself for the job's claim.
    ///
    /// - Parameter settings: As the server has just read them over its own session.
    /// - Returns: The board, or `nil` where no signature is needed for this firmware.
    /// - Throws: ``Failure`` with ``Failure/Code/boardNotProved`` and why not, to be held or given up; others as they come.
    func proveBoard(_ settings: AMT.GeneralSettings.Settings) async throws(Failure) -> ProvedBoard? {
        guard let trust = workshop.boards else { return nil }
        let record = try await record()
        let evidence = try await store.evidence(.boardProof, of: job.id)
        let proof = try evidence.map { text throws(Failure) in try decoded(BoardProof.self, text) }
        guard let statement = proof?.statement, let nonce = try nonce() else {
            if trust.policy == .whereOffered, record.board == nil, try await signsNothing() { return nil }
            let why = proof?.problem.map { "the agent says: \($0.prefix(300))" } ?? "the agent has shown none"
            throw Failure(
                .boardNotProved, "there is no signature of the board, and this machine's claims need one: \(why)",
                hint: "Update the agent, or run `namesake-agent local` on the machine to see what is in its way.")
        }
        let firmware = record.firmware
        let board = try trust.verify(
            statement, nonce: nonce,
            about: BoardFacts(
                machine: machine, name: "\(settings.hostName).\(settings.domainName)",
                digestRealm: settings.digestRealm,
                certificate: try firmware.flatMap { firmware throws(Failure) in
                    try Certificate.all(pem: firmware.certificate).first
                }), now: now)
        return board
    }

    /// What the firmware was to sign.
    private func nonce() throws(Failure) -> [UInt8]? {
        try job.claim?.boardNonce.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
    }

    /// Whether the board is the one that has signed for this machine before, or the first.
    func requireSameBoard(_ board: ProvedBoard) async throws(Failure) {
        guard let known = try await record().board, known.key != board.key else { return }
        throw Failure(
            .boardNotProved,
            "another board than before has signed under the UUID \(machine): its key is \(board.key.prefix(16))…, not "
                + "\(known.key.prefix(16))…",
            hint: "Was the board swapped? Have such claims held (`approval` in the configuration) and approve this one."
        )
    }

    func keep(_ board: ProvedBoard) async throws(Failure) {
        let kept = DeviceRecord.Board(key: board.key, firmwareVersion: board.firmwareVersion, provedAt: now)
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in record?.board = kept }
    }

    /// Whether the firmware, asked by the server itself, is of a release that has no signatures; what is unknown has them.
    private func signsNothing() async throws(Failure) -> Bool {
        let version: String
        do throws(Failure) {
            version = try await perform(Get<CIM.SoftwareIdentity>(part: "AMT")).version
        } catch {
            guard [.firmwareRefused, .firmwareAnswerUnreadable].contains(error.code) else { throw error }
            return false
        }
        guard let release = Int(version.prefix { $0.isNumber }) else { return false }
        return release < 15
    }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
