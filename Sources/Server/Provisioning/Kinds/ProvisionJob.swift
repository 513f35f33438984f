package import Jobs

/// From the first hello to a proved firmware, in one commit.
package enum ProvisionJob {
    package static let steps = steps(account: AnyStep(AccountStep(), startsOverFrom: start))

    /// A firmware in set-up forgets with its power what was not committed.
    static let start = IdentifyStep.name

    static func steps(account: AnyStep<FirmwareContext>) -> [AnyStep<FirmwareContext>] {
        [
            AnyStep(IdentifyStep()),
            AnyStep(SetClockStep(), startsOverFrom: start),
            AnyStep(SetNamesStep(), startsOverFrom: start),
            AnyStep(SetMEBxStep(), startsOverFrom: start),
            AnyStep(SetAdminStep(), startsOverFrom: start),
            account,
            AnyStep(AddUsersStep(), startsOverFrom: start),
            AnyStep(KeyPairStep(), startsOverFrom: start),
            AnyStep(IssueCertificateStep(), startsOverFrom: start),
            AnyStep(AddCertificateStep(), startsOverFrom: start),
            AnyStep(SelectCertificateStep(), startsOverFrom: start),
            AnyStep(EnableTLSStep(), startsOverFrom: start),
            AnyStep(CommitStep(), startsOverFrom: start),
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
        AnyStep(AccountStep()),
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
            AnyStep(AccountStep()),
            AnyStep(ObserveFirmwareStep()),
            AnyStep(ReprovisionableStep()),
            AnyStep(UnprovisionStep()),
        ] + ProvisionJob.steps(account: AnyStep(SetUpAccountStep(), startsOverFrom: ProvisionJob.start)) + [
            AnyStep(RevokeCertificateStep()),
            AnyStep(AwaitRestoredStep()),
            AnyStep(RemoveAccountStep()),
        ]
}

/// Back to set-up or to the factory's state.
package enum UnprovisionJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(AccountStep()),
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
