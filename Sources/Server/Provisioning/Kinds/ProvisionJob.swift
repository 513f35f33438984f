package import Jobs

/// From the first hello to a proved firmware, in one commit.
package enum ProvisionJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(IdentifyStep()),
        AnyStep(SetClockStep()),
        AnyStep(SetNamesStep()),
        AnyStep(SetAdminStep()),
        AnyStep(AccountStep()),
        AnyStep(KeyPairStep()),
        AnyStep(IssueCertificateStep()),
        AnyStep(AddCertificateStep()),
        AnyStep(SelectCertificateStep()),
        AnyStep(EnableTLSStep()),
        AnyStep(CommitStep()),
        AnyStep(ProveProvisioningStep()),
        AnyStep(ProveAdminStep()),
    ]
}

/// A new name for a managed firmware, in place, as the temporary account.
package enum RenameJob {
    package static let steps: [AnyStep<FirmwareContext>] = [
        AnyStep(AccountStep()),
        AnyStep(ObserveFirmwareStep()),
        AnyStep(SetNamesStep()),
        AnyStep(KeyPairStep()),
        AnyStep(IssueCertificateStep()),
        AnyStep(AddCertificateStep()),
        AnyStep(SelectCertificateStep()),
        AnyStep(CommitStep()),
        AnyStep(ProveRenameStep()),
        AnyStep(RemoveOldCertificateStep()),
        AnyStep(RemoveAccountStep()),
    ]

    /// The step that saw the agent's echo.
    static let echoStep = ObserveFirmwareStep.name
}

/// The kinds of jobs there are.
package enum JobKinds {
    /// The names of a kind's steps in their order; none for an unknown kind.
    package static func steps(of kind: JobKind) -> [StepName] {
        switch kind {
        case .provision: ProvisionJob.steps.map(\.plan.name)
        case .rename: RenameJob.steps.map(\.plan.name)
        default: []
        }
    }
}
