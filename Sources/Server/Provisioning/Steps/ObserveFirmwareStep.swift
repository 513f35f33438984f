import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Looks at a managed firmware before it is renamed: the machine, the claim's echo, what will be replaced.
package struct ObserveFirmwareStep: Step {
    package static let name: StepName = "rename.observe"
    package struct Output: Hashable, Codable, Sendable {
        package var formerName: String
        package var formerCertificateID: String
        package var formerKeyPairID: String
        /// PEM; `nil` in journals of versions that revoked nothing.
        package var formerCertificate: String?
        /// The board that has signed for the claim; `nil` where none was asked.
        package var board: ProvedBoard?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let record = try await context.record()
        guard let firmware = record.firmware else {
            throw Failure(.firmwareStateUnexpected, "\(context.machine) is not provisioned by this server")
        }
        try await context.open(ledger)
        try await requireMachine(context)
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        await context.notebook.keep(settings)
        var board: ProvedBoard?
        if let claim = try context.job.claim, let echo = claim.echo {
            board = try await check(claim.claim, echo, against: settings, context)
        }
        return Output(
            formerName: firmware.name.text, formerCertificateID: firmware.certificateID,
            formerKeyPairID: firmware.keyPairID, formerCertificate: firmware.certificate,
            board: board)
    }

    /// How often another name may be found before the claim is not believed: Intel's LMS may have written in between,
    /// and an agent that is told so writes its echo again.
    static let looks = 3

    private func check(
        _ claim: Hostname, _ echo: Hostname, against settings: AMT.GeneralSettings.Settings,
        _ context: FirmwareContext
    ) async throws(Failure) -> ProvedBoard? {
        let found = settings.hostOSFQDN
        let events = try await context.store.events(of: context.job.id)
        if events.contains(where: { if case .decided(approved: true, _) = $0 { true } else { false } }) {
            return try await boardOfApproved(settings, context)
        }
        let approval = context.workshop.approval
        guard (try? Hostname(found)) == echo else {
            let missed = events.count {
                if case .failed(Self.name, let failure) = $0 { failure.code == .claimNotProved } else { false }
            }
            let what = "HostOSFQDN is '\(found)', not the agent's echo: the claim may come from elsewhere"
            if missed + 1 < Self.looks {
                throw Failure(.claimNotProved, what, hint: "The agent writes its echo again by itself.", remedy: .wait)
            }
            guard approval == .none else {
                throw Failure(
                    .claimHeld, "the claim of '\(claim)' is not proved: \(what)",
                    hint: "Find out who claims it, then `namesake-server jobs approve \(context.job.id)`, or "
                        + "`jobs reject`.", remedy: .hold)
            }
            throw Failure(
                .claimNotProved, what, hint: "Run `namesake-agent sync` again on the machine itself.")
        }
        let board = try await provedBoard(claim, settings, context)
        if approval == .every {
            throw Failure(
                .claimHeld, "the claim of '\(claim)' is proved and waits for a person, as the configuration wants",
                hint: "`namesake-server jobs approve \(context.job.id)`, or `jobs reject`.", remedy: .hold)
        }
        return board
    }

    /// The board behind a claim whose echo was seen.
    private func provedBoard(
        _ claim: Hostname, _ settings: AMT.GeneralSettings.Settings, _ context: FirmwareContext
    ) async throws(Failure) -> ProvedBoard? {
        do throws(Failure) {
            guard let board = try await context.proveBoard(settings) else { return nil }
            try await context.requireSameBoard(board)
            try await context.keep(board)
            return board
        } catch {
            guard error.code == .boardNotProved, context.workshop.approval != .none else { throw error }
            throw Failure(
                .claimHeld, "the claim of '\(claim)' is not proved: \(error.message)",
                hint: "Find out who claims it, then `namesake-server jobs approve \(context.job.id)`, or "
                    + "`jobs reject`.", remedy: .hold)
        }
    }

    /// A person's yes stands for the proof; where the board has signed all the same, it is the machine's from here on.
    private func boardOfApproved(
        _ settings: AMT.GeneralSettings.Settings, _ context: FirmwareContext
    ) async throws(Failure) -> ProvedBoard? {
        do throws(Failure) {
            guard let board = try await context.proveBoard(settings) else { return nil }
            try await context.keep(board)
            return board
        } catch {
            guard error.code == .boardNotProved else { throw error }
            return nil
        }
    }
}
