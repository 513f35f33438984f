import AMTOperations
import Certificates
package import Jobs
package import Vocabulary
import WSMan

/// Puts the new certificate into the firmware's store.
package struct AddCertificateStep: Step {
    package static let name: StepName = "tls.add-certificate"
    package struct Output: Hashable, Codable, Sendable { package var certificateID: String }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.open(ledger)
        let wanted = try await context.issued(ledger)
        return try await certificates(context).first { $0.certificate == wanted }.map { Output(certificateID: $0.id) }
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        let certificate = try await context.issued(ledger)
        return Output(
            certificateID: try await context.perform(
                AMT.PublicKeyManagementService.AddCertificate(certificate.der)))
    }
}

/// Selects the certificate that TLS presents; nothing shows before the commit.
///
/// A rename names the certificate that it expects to replace, in the selector: a firmware that has another one refuses,
/// and then what it has is read before it is replaced.
package struct SelectCertificateStep: Step {
    package static let name: StepName = "tls.context"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.open(ledger)
        let wanted = try ledger.output(of: AddCertificateStep.self).certificateID
        let contexts = try await context.enumerate(AMT.TLSCredentialContext.self)
        return contexts.contains { $0.certificate == wanted } ? Output() : nil
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        let wanted = try ledger.output(of: AddCertificateStep.self).certificateID
        guard context.place(ledger) == .managed else {
            if let present = try await present(context) {
                _ = try await context.perform(AMT.TLSCredentialContext.Put(certificate: wanted, replacing: present))
            } else {
                _ = try await context.perform(AMT.TLSCredentialContext.Create(certificate: wanted))
            }
            return Output()
        }
        let former = try ledger.output(of: ObserveFirmwareStep.self).formerCertificateID
        do throws(Failure) {
            _ = try await context.perform(AMT.TLSCredentialContext.Put(certificate: wanted, replacing: former))
        } catch {
            guard [.firmwareFault, .firmwareRefused].contains(error.code), let present = try await present(context),
                present != former
            else { throw error }
            // What an earlier job of ours selected and could not prove is ours to replace.
            if let found = try await certificates(context).first(where: { $0.id == present }),
                try context.workshop.hasIssued(found.certificate)
            {
                _ = try await context.perform(AMT.TLSCredentialContext.Put(certificate: wanted, replacing: present))
                return Output()
            }
            throw Failure(
                .firmwareStateUnexpected,
                "TLS presents \(present), the record says \(former): somebody else changed this firmware",
                hint:
                    "Look at `namesake-server devices show \(context.machine)` and accept what the firmware has first.")
        }
        return Output()
    }

    private func present(_ context: FirmwareContext) async throws(Failure) -> String? {
        try await context.enumerate(AMT.TLSCredentialContext.self).first?.certificate
    }
}

extension Workshop {
    /// Whether our authority issued a certificate.
    func hasIssued(_ certificate: Certificate) throws(Failure) -> Bool {
        for anchor in try anchors.get() where try certificate.isIssued(by: anchor) {
            return true
        }
        return false
    }

    /// A firmware in set-up presents what it signed itself: whoever presents a certificate of ours is managed.
    ///
    /// It may be another machine, which has the address now, or the job's own after a commit whose answer was lost.
    func objectionInSetUp(to der: [UInt8]) -> String? {
        guard let certificate = try? Certificate(der: der), (try? hasIssued(certificate)) == true else { return nil }
        return "'\(certificate.subjectCommonName)' answers there, which is managed and not in set-up"
    }
}

/// Turns server TLS on for the network and for the host itself, and plain HTTP off.
package struct EnableTLSStep: Step {
    package static let name: StepName = "provision.tls"
    package struct Output: Hashable, Codable, Sendable {}

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        for var settings in try await context.enumerate(AMT.TLSSettingData.self) {
            settings.enabled = true
            settings.mutualAuthentication = false
            // Firmware that cannot do without TLS is not told so again, unless it says the contrary.
            if settings.nonSecureConnectionsSupported != false || settings.acceptNonSecureConnections == true {
                settings.acceptNonSecureConnections = false
            }
            _ = try await context.perform(Put<AMT.TLSSettingData>(settings))
        }
        return Output()
    }
}
