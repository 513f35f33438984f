import AMTOperations
import Certificates
import CurlClient
import FirmwareHTTP
import Fleet
package import Jobs
import Kerberos
package import Vocabulary
import WSMan

extension FirmwareContext {
    var adoption: AdoptParameters {
        get throws(Failure) { try decoded(AdoptParameters.self, job.parameters) }
    }

    /// The firmware under the key that a person has accepted, whatever its certificate says.
    func adoptedEndpoint(_ credential: DigestCredential?) async throws(Failure) -> FirmwareEndpoint {
        let wanted = try adoption
        guard let pin = bytes(hexadecimal: wanted.pin), pin.count == 32 else {
            throw Failure(.pinMissing, "job \(job.id) has no key that a person accepted")
        }
        return FirmwareEndpoint(
            address: try await record().address, port: workshop.firmwarePort, name: wanted.name, trust: .pinned(pin),
            credential: credential)
    }

    /// As the temporary account that this job has made there.
    func openAdopted(as account: String) async throws(Failure) {
        let password = try await vault.secret(.account(account), of: machine)
        var endpoint = try await adoptedEndpoint(DigestCredential(user: account, password: password))
        endpoint.expectsCredential = true
        try await turn(to: endpoint)
    }

    /// As the person or the realm that lets us in.
    func openForeign() async throws(Failure) {
        let wanted = try adoption
        if let user = wanted.user {
            let password = try await vault.secret(.adoption, of: machine)
            let credential = DigestCredential(user: user, password: password)
            return try await turn(to: try await adoptedEndpoint(credential))
        }
        guard let kerberos = workshop.kerberos else {
            throw Failure(
                .configurationInvalid, "this server has no Kerberos credentials",
                hint: "Set `kerberos` in configuration.json: {\"keytab\": \"/path\"}.")
        }
        let service = Kerberos.service(wanted.name, port: workshop.firmwarePort)
        // The first one here, so that what is wrong is said in Kerberos's words and not as a lost connection.
        _ = try await kerberos.authorization(for: service)
        var endpoint = try await adoptedEndpoint(nil)
        endpoint.ticket = { () async throws(Failure) in try await kerberos.authorization(for: service) }
        try await turn(to: endpoint)
    }
}

/// Makes the temporary account on a firmware that another console provisioned.
///
/// The machine and the name that a person told must be the firmware's.
package struct AdoptStep: Step {
    package static let name: StepName = "adopt.account"
    package struct Output: Hashable, Codable, Sendable {
        package var name: String
        package var handle: UInt32
        package var digestRealm: String
        package var hostOSFQDN: String
    }

    package init() {}

    package func observe(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output? {
        let name = accountName(context)
        guard try await context.vault.holds(.account(name), of: context.machine) else { return nil }
        let settings = try await meet(context)
        guard let handle = try await AccountStep().handle(of: name, context) else { return nil }
        return output(name, handle, settings)
    }

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let settings = try await meet(context)
        // Before anything is made that would be left behind.
        guard try await context.enumerate(AMT.TLSCredentialContext.self).first?.certificate != nil else {
            throw presentsNothing
        }
        let name = accountName(context)
        let password =
            try await context.vault.holds(.account(name), of: context.machine)
            ? try await context.vault.secret(.account(name), of: context.machine)
            : try await context.vault.writeAhead(.account(name), of: context.machine, now: context.now)
        let digest = try digestA1(DigestCredential(user: name, password: password), realm: settings.digestRealm)
        let handle = try await context.perform(
            AMT.AuthorizationService.AddUserAclEntryEx(
                .init(name: name, digest: digest, access: .network, realms: [.ptAdministration])))
        return output(name, handle, settings)
    }

    /// The same for every attempt, and another one than a Namesake server has left there that the machine belonged to.
    private func accountName(_ context: FirmwareContext) -> String {
        TemporaryAccount.prefix + String(String(Int64(context.job.created * 1_000_000), radix: 36).suffix(12))
    }

    private func meet(_ context: FirmwareContext) async throws(Failure) -> AMT.GeneralSettings.Settings {
        try await context.openForeign()
        do throws(Failure) { try await requireMachine(context) } catch {
            guard error.code == .firmwareAuthenticationRefused, try context.adoption.user == nil else { throw error }
            throw Failure(
                .firmwareAuthenticationRefused, "the firmware refuses our Kerberos ticket",
                hint:
                    "Its key may be of another version than the directory's, its clock more than five minutes off, or "
                    + "our principal not one that it lets in.")
        }
        let settings = try await context.perform(Get<AMT.GeneralSettings>())
        let wanted = try context.adoption.name
        guard settings.hostName.lowercased() == wanted.host, settings.domainName.lowercased() == wanted.domain else {
            throw Failure(
                .firmwareStateUnexpected,
                "the firmware is named '\(settings.hostName).\(settings.domainName)', not '\(wanted)'",
                hint: "Adopt it under the name that it has.")
        }
        return settings
    }

    private func output(_ name: String, _ handle: UInt32, _ settings: AMT.GeneralSettings.Settings) -> Output {
        Output(
            name: name, handle: handle, digestRealm: settings.digestRealm, hostOSFQDN: settings.hostOSFQDN)
    }
}

private let presentsNothing = Failure(
    .firmwareStateUnexpected, "TLS of the firmware does not present a certificate of its store",
    hint: "Let the console that provisioned it turn TLS on, or provision it anew by this server.")

/// Proves the account over a connection of its own, and writes down what the firmware has.
package struct AdoptProofStep: Step {
    package static let name: StepName = "adopt.proof"
    package struct Output: Hashable, Codable, Sendable {
        package var certificateID: String
        package var keyPairID: String
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let account = try ledger.output(of: AdoptStep.self)
        try await context.openAdopted(as: account.name)
        let wanted = try context.adoption
        guard let present = try await context.enumerate(AMT.TLSCredentialContext.self).first?.certificate,
            let found = try await certificates(context).first(where: { $0.id == present }),
            found.certificate.publicKey.pin.hexadecimal == wanted.pin
        else { throw presentsNothing }
        var keyPairID: String?
        for pair in try await context.enumerate(AMT.PublicPrivateKeyPair.self)
        where try PublicKey(firmware: pair.publicKey) == found.certificate.publicKey { keyPairID = pair.id }
        guard let keyPairID else {
            throw Failure(.firmwareStateUnexpected, "the firmware does not hold the key of its certificate")
        }
        let now = context.now
        var firmware = ProvisionedFirmware(
            name: wanted.name, hostOSFQDN: account.hostOSFQDN, digestRealm: account.digestRealm, pin: wanted.pin,
            certificate: try found.certificate.pem, certificateID: present, keyPairID: keyPairID,
            account: TemporaryAccount(name: account.name, handle: account.handle, ends: now + AccountStep.lifetime),
            adminProved: nil, provedAt: now)
        firmware.isForeign = true
        let adopted = firmware
        let roots = try await roots(context)
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware = adopted
            if !roots.isEmpty { record?.rootHashes = roots }
            record?.rename(to: wanted.name, now: now)
            record?.stage = .managed
            record?.note = nil
        }
        return Output(certificateID: present, keyPairID: keyPairID)
    }

    /// What a hello would have told: whose set-up the firmware takes, once it is unprovisioned in part.
    ///
    /// - Returns: The hashes in hexadecimal; none where the firmware does not tell.
    private func roots(_ context: FirmwareContext) async throws(Failure) -> [String] {
        do {
            return try await context.session.enumerate(AMT.ProvisioningCertificateHash.self).filter(\.isEnabled).map(
                \.hash.hexadecimal)
        } catch {
            switch error {
            case .fault, .refused, .unreadable: return []
            default: throw FirmwareContext.failure(error)
            }
        }
    }
}

/// Gives admin a password of ours where that is wanted, as the temporary account, and proves what the store has of it.
package struct AdoptAdminStep: Step {
    package static let name: StepName = "adopt.admin"
    package struct Output: Hashable, Codable, Sendable {
        package var isOurs: Bool
        package var why: String?
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        let wanted = try context.adoption
        if wanted.takesAdmin {
            let password =
                try await context.vault.holds(.adminPassword, of: context.machine)
                ? try await context.vault.secret(.adminPassword, of: context.machine)
                : try await context.vault.writeAhead(.adminPassword, of: context.machine, now: context.now)
            try await context.keepRecovery(before: Self.name)
            let account = try ledger.output(of: AdoptStep.self)
            try await context.openAdopted(as: account.name)
            let admin = DigestCredential(user: "admin", password: password)
            try await context.perform(
                AMT.AuthorizationService.SetAdminAclEntryEx(
                    name: admin.user, digest: try digestA1(admin, realm: account.digestRealm)))
        } else if wanted.user == "admin" {
            // It let us in: what a person told is what we keep.
            let told = try await context.vault.secret(.adoption, of: context.machine)
            try await context.vault.keep(told, as: .adminPassword, of: context.machine, now: context.now)
        } else {
            try await context.vault.forget(.adoption, of: context.machine)
            return Output(isOurs: false, why: "admin belongs to another console: the account stays until its end date")
        }
        await context.notebook.turnAway()
        try await context.openAdmin()
        await context.connection.closesAfterNext()
        try await requireMachine(context)
        try await context.vault.settle(.adminPassword, of: context.machine)
        try await context.vault.forget(.adoption, of: context.machine)
        let now = context.now
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            record?.firmware?.adminProved = now
        }
        return Output(isOurs: true)
    }
}
