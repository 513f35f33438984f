import Certificates
package import Jobs
package import Vocabulary

/// Takes the former certificate back at the authority, now that another one is proved or none is needed.
///
/// Its key is gone from the firmware by then. An authority that cannot revoke is left alone.
package struct RevokeCertificateStep: Step {
    package static let name: StepName = "certificate.revocation"
    package struct Output: Hashable, Codable, Sendable {
        /// The serial number, hexadecimal.
        package var revoked: String?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        guard let authority = context.workshop.authority as? any RevokingAuthority,
            let pem = try ledger.output(of: ObserveFirmwareStep.self).formerCertificate,
            let former = try Certificate.all(pem: pem).first
        else { return Output(revoked: nil) }
        let isReplaced = context.job.kind != .unprovision
        try await authority.revoke(
            former, because: isReplaced ? .superseded : .cessationOfOperation, now: context.now)
        return Output(revoked: former.serial)
    }
}
