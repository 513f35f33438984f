import AMTOperations
import Certificates
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Has the firmware sign a request for its new key, and the authority issue a certificate for the new name.
package struct IssueCertificateStep: Step {
    package static let name: StepName = "tls.certificate"
    package struct Output: Hashable, Codable, Sendable {
        /// The leaf, PEM.
        package var certificate: String

        func read() throws(Failure) -> Certificate {
            guard let certificate = try Certificate.all(pem: certificate).first else {
                throw Failure(.certificateUnreadable, "the job's certificate is missing")
            }
            return certificate
        }
    }

    package init() {}

    /// A certificate for this key and name that is in the firmware's store already is as good as another one.
    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.open(ledger)
        let keyPair = try ledger.output(of: KeyPairStep.self).keyPairID
        let key = try PublicKey(firmware: try await context.perform(Get<AMT.PublicPrivateKeyPair>(keyPair)).publicKey)
        for found in try await certificates(context) where found.certificate.publicKey == key {
            guard found.certificate.dnsNames.contains(context.target.text),
                try context.workshop.hasIssued(found.certificate)
            else {
                continue
            }
            try await noteAhead(found.certificate, context, ledger)
            return Output(certificate: try found.certificate.pem)
        }
        return nil
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        let keyPair = try ledger.output(of: KeyPairStep.self).keyPairID
        let read = try await context.perform(Get<AMT.PublicPrivateKeyPair>(keyPair))
        let key = try PublicKey(firmware: read.publicKey)
        let request = try await request(for: key, keyPair, context)
        guard request.publicKey == key else {
            throw Failure(
                .certificateUnfit, "the firmware signed a request for another key than \(keyPair)", remedy: .giveUp)
        }
        let certificate = try await context.workshop.authority.issue(request, for: context.target, now: context.now)
        try await noteAhead(certificate, context, ledger)
        return Output(certificate: try certificate.pem)
    }

    /// Signed by the firmware, or by the server for a key that it has made for firmware that makes none.
    private func request(
        for key: PublicKey, _ keyPair: String, _ context: FirmwareContext
    ) async throws(Failure) -> CertificateRequest {
        if let made = try await context.keptFirmwareKey(), try made.publicKey == key {
            return try CertificateRequest(
                pem: try CertificateRequest.signed(commonName: context.target.text, by: made))
        }
        return try CertificateRequest(
            der: try await context.perform(
                AMT.PublicKeyManagementService.GeneratePKCS10RequestEx(
                    keyPair: keyPair,
                    nullSignedRequest: try CertificateRequest.nullSigned(for: context.target, publicKey: key),
                    algorithm: .sha256)))
    }

    /// The record of a managed firmware learns of the key before the firmware may present it.
    private func noteAhead(
        _ certificate: Certificate, _ context: FirmwareContext, _ ledger: JobLedger
    ) async throws(Failure) {
        guard context.place(ledger) == .managed else { return }
        let pending = ProvisionedFirmware.Pending(name: context.target, pin: certificate.publicKey.pin.hexadecimal)
        let met = await context.connection.pin?.hexadecimal
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.expect(pending, presentsNow: met)
        }
    }
}
