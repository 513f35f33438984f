import AMTOperations
package import Jobs
package import Vocabulary
import WSMan

/// Makes everything that is pending take effect at once.
///
/// Firmware restarts its network on this, and the answer may be lost although it worked: nothing is taken back, and a
/// lost answer is no failure. What the new port presents decides.
///
/// A firmware in set-up that loses its power may keep admin's password and forget TLS (`partialSurvivesPowerCut` of the
/// simulator): a commit would then make it a managed one without TLS. So the commit goes only over the connection that
/// everything before went over, or over one on which that was looked at again.
package struct CommitStep: Step {
    package static let name: StepName = "commit"
    package static let isIrrevocable = true
    package struct Output: Hashable, Codable, Sendable { package var answered: Bool }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.openProved(ledger)
        do {
            _ = try await context.session.perform(Get<AMT.GeneralSettings>())
            return Output(answered: false)
        } catch {
            switch error {
            case .peerNotTrusted:
                return nil  // the old certificate, or set-up mode's: not committed
            case .authenticationRefused where context.place(ledger) == .setUp:
                return nil
            case .notSent where context.place(ledger) == .setUp:
                if try await context.isInSetUpByKey(ledger) { return nil }
                throw FirmwareContext.failure(error)
            default:
                throw FirmwareContext.failure(error)
            }
        }
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.keepRecovery(before: Self.name)
        try await context.open(ledger)
        if context.place(ledger) == .setUp {
            if await context.notebook.setUpConnection != context.connection.handshakes {
                try await lookAgain(context, ledger)
            }
            await context.connection.keepsForNext()
        }
        do {
            try await context.session.perform(AMT.SetupAndConfigurationService.CommitChanges())
            return Output(answered: true)
        } catch {
            guard case .unreachable = error else { throw FirmwareContext.failure(error) }
            if let output = try await observe(context, ledger) { return output }
            throw Failure(
                .firmwareUnreachable,
                "the commit's answer was lost, and the firmware still presents its old certificate",
                hint: "It is looked at again; nothing has to be done.", remedy: .wait)
        }
    }

    /// Reads what the set-up holds, and turns TLS on once more: what is pending need not show when it is read.
    private func lookAgain(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) {
        let names = try await SetNamesStep().observe(context, ledger)
        let connection = await context.connection.handshakes
        guard names != nil, try await SelectCertificateStep().observe(context, ledger) != nil else {
            throw Failure(
                .firmwareStateUnexpected, "the firmware has forgotten what this job had set, as it does without power",
                hint: "It is set once more; nothing has to be done.", remedy: .startOver)
        }
        _ = try await EnableTLSStep().run(context, ledger)
        guard await context.connection.handshakes == connection else {
            throw Failure(
                .firmwareUnreachable, "the connection over which the firmware was looked at did not last",
                hint: "It is looked at again; nothing has to be done.", remedy: .wait)
        }
    }
}
