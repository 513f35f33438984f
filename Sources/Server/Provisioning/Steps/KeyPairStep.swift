import AMTOperations
import Certificates
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// Has the firmware make a key pair of its own; the private half never leaves it.
package struct KeyPairStep: Step {
    package static let name: StepName = "tls.key-pair"
    package struct Output: Hashable, Codable, Sendable {
        package var keyPairID: String
        /// Why the key is shorter than the authority wants it.
        package var why: String?
    }

    package init() {}

    /// A key pair that no certificate belongs to is what an attempt that was cut off left.
    ///
    /// In set-up the only one there is ours in any case.
    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        try await context.open(ledger)
        let taken = try await certificates(context).map { $0.certificate.publicKey }
        var orphans: [String] = []
        let pairs = try await context.enumerate(AMT.PublicPrivateKeyPair.self)
        if context.place(ledger) == .setUp, pairs.count == 1 { return Output(keyPairID: pairs[0].id) }
        for pair in pairs {
            if !taken.contains(try PublicKey(firmware: pair.publicKey)) { orphans.append(pair.id) }
        }
        return orphans.count == 1 ? Output(keyPairID: orphans[0]) : nil
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.open(ledger)
        let bits = UInt32(context.workshop.authority.keyBits)
        do {
            return Output(
                keyPairID: try await context.session.perform(AMT.PublicKeyManagementService.GenerateKeyPair(bits: bits))
            )
        } catch {
            if case .fault("ActionNotSupported", _, _) = error { return try await makeHere(context) }
            // Which firmware makes longer keys than 2048 bits is not known beforehand.
            guard case .refused(let refusal) = error, bits > 2048 else { throw FirmwareContext.failure(error) }
            return Output(
                keyPairID: try await context.perform(AMT.PublicKeyManagementService.GenerateKeyPair(bits: 2048)),
                why: "the firmware refused \(bits) bits (\(refusal)); the key has 2048")
        }
    }
}

extension KeyPairStep {
    /// Makes the key at the server, for firmware before 6.2; sealed first, and forgotten once it is proved to be there.
    private func makeHere(_ context: FirmwareContext) async throws(Failure) -> Output {
        let key: PrivateKey
        if let kept = try await context.keptFirmwareKey() {
            key = kept
        } else {
            key = try PrivateKey.rsa(bits: 2048)
            try await context.vault.keep(key.pem, as: .firmwareKey, of: context.machine, now: context.now)
        }
        let why = "the firmware makes no keys; the server made one of 2048 bits and gave it"
        return Output(
            keyPairID: try await context.perform(AMT.PublicKeyManagementService.AddKey(try key.pkcs1)), why: why)
    }
}

extension FirmwareContext {
    /// The key that a job has made for a firmware that makes none, while it is not proved.
    func keptFirmwareKey() async throws(Failure) -> PrivateKey? {
        guard try await vault.holds(.firmwareKey, of: machine) else { return nil }
        return try PrivateKey(pem: try await vault.secret(.firmwareKey, of: machine))
    }
}

/// The certificates in the firmware's store, those that can be read.
func certificates(_ context: FirmwareContext) async throws(Failure) -> [(id: String, certificate: Certificate)] {
    var found: [(id: String, certificate: Certificate)] = []
    for entry in try await context.enumerate(AMT.PublicKeyCertificate.self) {
        if let certificate = try? Certificate(der: entry.certificate) { found.append((entry.id, certificate)) }
    }
    return found
}
