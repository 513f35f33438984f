package import Jobs
import Vocabulary

/// From the first hello to a proved firmware, in one commit.
package enum ProvisionJob {
    package static let steps = steps(account: inSetUp(AccountStep()))

    /// A firmware in set-up forgets with its power what was not committed, the password that we have set among it.
    static func inSetUp<S: Step>(_ step: S) -> AnyStep<FirmwareContext> where S.Context == FirmwareContext {
        AnyStep(step, startsOverFrom: IdentifyStep.name, forgetting: [.firmwareAuthenticationRefused])
    }

    static func steps(account: AnyStep<FirmwareContext>) -> [AnyStep<FirmwareContext>] {
        [
            AnyStep(IdentifyStep()),
            inSetUp(SetClockStep()),
            inSetUp(SetNamesStep()),
            inSetUp(SetMEBxStep()),
            inSetUp(SetAdminStep()),
            account,
            inSetUp(AddUsersStep()),
            inSetUp(KeyPairStep()),
            inSetUp(IssueCertificateStep()),
            inSetUp(AddCertificateStep()),
            inSetUp(SelectCertificateStep()),
            inSetUp(EnableTLSStep()),
            inSetUp(CommitStep()),
            AnyStep(ProveProvisioningStep()),
            AnyStep(ProveAdminStep()),
        ]
    }
}

/// A new name for a managed firmware, in place, as the temporary account.
///
/// Names take effect with their Put, what belongs to TLS with the commit: they come as late as can be, so that a job that
/// ends before has changed nothing that anybody sees.
package enum RenameJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(AccountStep(), perishes: true),
        AnyStep(ObserveFirmwareStep()),
        AnyStep(KeyPairStep()),
        AnyStep(IssueCertificateStep()),
        AnyStep(AddCertificateStep()),
        AnyStep(SelectCertificateStep()),
        AnyStep(SetNamesStep(), isIrrevocable: true),
        AnyStep(CommitStep()),
        AnyStep(ProveRenameStep(), startsOverFrom: SelectCertificateStep.name),
        AnyStep(RemoveOldCertificateStep()),
        AnyStep(RevokeCertificateStep()),
        AnyStep(RemoveAccountStep()),
    ]

    /// The step that saw the agent's echo.
    static let echoStep = ObserveFirmwareStep.name
}

/// A new name for a managed firmware, in a state that set-up itself made: partial unprovisioning, then provisioning.
package enum ReprovisionJob {
    package static let steps: [AnyStep<FirmwareContext>] =
        [
            AnyStep(AccountStep(), perishes: true, isNeededUntil: UnprovisionStep.name),
            AnyStep(ObserveFirmwareStep()),
            AnyStep(ReprovisionableStep()),
            AnyStep(UnprovisionStep()),
        ] + ProvisionJob.steps(account: ProvisionJob.inSetUp(SetUpAccountStep())) + [
            AnyStep(RevokeCertificateStep()),
            AnyStep(AwaitRestoredStep()),
            AnyStep(RemoveAccountStep()),
        ]
}

/// Back to set-up or to the factory's state.
package enum UnprovisionJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(AccountStep(), perishes: true, isNeededUntil: UnprovisionStep.name),
        AnyStep(ObserveFirmwareStep()),
        AnyStep(UnprovisionStep()),
        AnyStep(RevokeCertificateStep()),
    ]
}

/// Removal of accounts of ours that should not be there.
package enum SweepJob {
    package static let steps: [AnyStep<FirmwareContext>] = [AnyStep(SweepAccountsStep())]
}

/// A boot from the network, once, now.
package enum BootJob {
    package static let steps: [AnyStep<FirmwareContext>] = [AnyStep(BootStep())]
}

/// A firmware that another console provisioned becomes ours: an account, a proof, and where it is wanted admin.
package enum AdoptJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(AdoptStep()), AnyStep(AdoptProofStep()), AnyStep(AdoptAdminStep()),
    ]
}

/// The kinds of jobs there are.
package enum JobKinds {
    /// The names of a kind's steps in their order; none for an unknown kind.
    package static func steps(of kind: JobKind) -> [StepName] { (list(of: kind) ?? []).map(\.plan.name) }

    /// What a job's journal says so far.
    static func machine(of kind: JobKind, replaying events: [JobEvent]) -> JobMachine {
        JobMachine((list(of: kind) ?? []).map(\.plan), replaying: events)
    }

    /// - Returns: `nil` for a kind that this version does not know.
    static func list(of kind: JobKind) -> [AnyStep<FirmwareContext>]? {
        switch kind {
        case .provision: ProvisionJob.steps
        case .rename, .renew: RenameJob.steps
        case .sweep: SweepJob.steps
        case .adopt: AdoptJob.steps
        case .bootNetwork: BootJob.steps
        case .reprovision: ReprovisionJob.steps
        case .unprovision: UnprovisionJob.steps
        default: nil
        }
    }
}
