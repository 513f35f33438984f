// Every code the house can raise, one line each, grouped by the room that raises it.
// A line may be added. No line is changed or reused: rows in old job logs still point here.

extension Failure.Code {
    // WSMan
    package static let firmwareUnreachable: Self = "wsman.firmware-unreachable"
    package static let firmwareFault: Self = "wsman.fault"
    package static let firmwareAnswerUnreadable: Self = "wsman.answer-unreadable"
    package static let firmwareAuthenticationRefused: Self = "wsman.authentication-refused"
    package static let firmwareRefused: Self = "wsman.refused"
    /// A request that no firmware would take, whatever its state.
    package static let requestUnsendable: Self = "wsman.request-unsendable"
    package static let firmwarePeerNotTrusted: Self = "wsman.peer-not-trusted"
    package static let firmwareTLSTooOld: Self = "wsman.tls-too-old"

    // AMTHI and the device node
    package static let noManagementEngine: Self = "mei.no-management-engine"
    package static let noHostInterface: Self = "mei.no-host-interface"
    package static let deviceForbidden: Self = "mei.forbidden"
    package static let deviceBusy: Self = "mei.busy"
    package static let deviceVanished: Self = "mei.vanished"
    package static let deviceSilent: Self = "mei.silent"
    package static let deviceAnswerUnreadable: Self = "mei.answer-unreadable"
    package static let deviceRefused: Self = "mei.refused"
    package static let deviceFailed: Self = "mei.failed"
    package static let amtDisabled: Self = "mei.amt-disabled"
    package static let firmwareInRecovery: Self = "mei.recovery-mode"

    // Names
    package static let osNameUnknown: Self = "names.os-name-unknown"
    package static let nameInvalid: Self = "names.invalid"

    // Agent to server
    package static let enrolmentUnreadable: Self = "agent.enrolment-unreadable"
    package static let serverUnreachable: Self = "agent.server-unreachable"
    package static let serverRefused: Self = "agent.server-refused"
    package static let serverAnswerUnreadable: Self = "agent.server-answer-unreadable"
    package static let serverNotTrusted: Self = "agent.server-not-trusted"
    package static let serverFailed: Self = "agent.server-failed"
    package static let stateDirectoryUnusable: Self = "agent.state-directory-unusable"
    package static let syncProgramMissing: Self = "agent.sync-program-missing"
    package static let interrupted: Self = "agent.interrupted"
    package static let jobFailed: Self = "agent.job-failed"
    package static let jobHeld: Self = "agent.job-held"
    package static let agentConfigurationUnusable: Self = "agent.configuration-unusable"
    package static let enrolmentUnwritable: Self = "agent.enrolment-unwritable"
    package static let recordingUnwritable: Self = "agent.recording-unwritable"
    package static let notReady: Self = "agent.not-ready"

    // Hello and device records
    package static let helloUnreadable: Self = "hello.unreadable"
    package static let machineIDBogus: Self = "fleet.machine-id-bogus"
    package static let machineUnknown: Self = "fleet.machine-unknown"
    package static let nameTaken: Self = "fleet.name-taken"
    package static let namePolicy: Self = "fleet.name-policy"
    package static let tokenRefused: Self = "fleet.token-refused"
    package static let claimHeld: Self = "fleet.claim-held"
    package static let claimRejected: Self = "fleet.claim-rejected"

    // Certificates and secrets
    package static let certificateUnreadable: Self = "certificates.unreadable"
    package static let certificateUnfit: Self = "certificates.unfit"
    package static let keyUnreadable: Self = "certificates.key-unreadable"
    package static let noSuitableChain: Self = "certificates.no-suitable-chain"
    package static let vaultKeyWrong: Self = "vault.key-wrong"
    package static let vaultDamaged: Self = "vault.damaged"
    package static let recoveryUnwritable: Self = "vault.recovery-unwritable"
    package static let backupUnfit: Self = "store.backup-unfit"
    package static let storeDamaged: Self = "store.damaged"

    // Kerberos
    package static let kerberosUnreachable: Self = "kerberos.kdc-unreachable"
    package static let kerberosRefused: Self = "kerberos.no-ticket"

    // Pre-shared keys
    package static let preSharedKeyUnfit: Self = "psk.key-unfit"
    package static let preSharedKeyFileUnreadable: Self = "psk.file-unreadable"
    package static let preSharedKeyDuplicate: Self = "psk.duplicate"
    package static let preSharedKeyUnknown: Self = "psk.unknown"
    package static let preSharedKeyTaken: Self = "psk.taken"
    package static let preSharedKeyRefused: Self = "psk.refused"

    // Jobs and provisioning
    package static let machineMismatch: Self = "provisioning.machine-mismatch"
    package static let firmwareStateUnexpected: Self = "provisioning.firmware-state-unexpected"
    package static let claimNotProved: Self = "provisioning.claim-not-proved"
    package static let boardNotProved: Self = "provisioning.board-not-proved"
    package static let proofFailed: Self = "provisioning.proof-failed"
    package static let noWorkingAccount: Self = "provisioning.no-working-account"
    package static let pinMissing: Self = "provisioning.pin-missing"
    package static let unprovisioningUnproved: Self = "provisioning.unprovisioning-unproved"
    package static let jobStepUnknown: Self = "jobs.step-unknown"
    package static let leaseLost: Self = "jobs.lease-lost"
    package static let jobStuck: Self = "jobs.stuck"
    package static let jobCancelled: Self = "jobs.cancelled"
    package static let jobUnderWay: Self = "jobs.under-way"

    // Server
    package static let configurationInvalid: Self = "server.configuration-invalid"
    package static let storeUnavailable: Self = "server.store-unavailable"
    package static let listenerUnavailable: Self = "server.listener-unavailable"
    package static let serverNotRunning: Self = "server.not-running"
}
