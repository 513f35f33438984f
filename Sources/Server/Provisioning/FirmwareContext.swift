package import AMTOperations
import Certificates
import CurlClient
import FirmwareHTTP
package import Fleet
package import Jobs
package import Vocabulary
package import WSMan

/// What a step works with: one job, one machine, one connection.
package struct FirmwareContext: Sendable {
    package let job: JobRecord
    /// The name that the firmware shall have when the job is done.
    package let target: Hostname
    package let workshop: Workshop
    package let connection: FirmwareConnection
    package let session: WSManSession
    package let notebook = Notebook()

    package var machine: MachineID { job.machine }
    package var store: any ServerCore.Store { workshop.store }
    package var vault: Vault { workshop.vault }
    package var now: Double { workshop.clock() }

    /// What one attempt remembers between steps, so that nothing is read twice; a new attempt reads again.
    package actor Notebook {
        package private(set) var settings: AMT.GeneralSettings.Settings?
        /// The number of the connection over which this attempt has done all of a set-up so far.
        private(set) var setUpConnection: Int?
        /// Which endpoint the connection was last turned to.
        private var turned: String?
        /// Whether a firmware in set-up was last spoken to after we had set its password.
        private var hasSetPassword: Bool?

        /// A certificate that was read from the journal, with its PEM.
        private var certificate: (pem: String, read: Certificate)?

        func certificate(_ output: IssueCertificateStep.Output) throws(Failure) -> Certificate {
            if let certificate, certificate.pem == output.certificate { return certificate.read }
            let read = try output.read()
            certificate = (output.certificate, read)
            return read
        }

        func keepSetUp(over connection: Int) { setUpConnection = connection }

        package func keep(_ settings: AMT.GeneralSettings.Settings) { self.settings = settings }

        /// The connection was turned elsewhere, or has to be turned anew.
        func turnAway() { turned = nil }

        func sets(ourPassword: Bool) -> Bool {
            defer { hasSetPassword = ourPassword }
            return hasSetPassword == ourPassword
        }

        func isTurned(to endpoint: String) -> Bool {
            defer { turned = endpoint }
            return turned == endpoint
        }
    }

    /// The machine's record, which a job's machine always has.
    package func record() async throws(Failure) -> DeviceRecord {
        guard let record = try await store.device(machine) else { throw ServerCore.unknown(machine) }
        return record
    }

    /// The certificate that this job has had issued.
    func issued(_ ledger: JobLedger) async throws(Failure) -> Certificate {
        try await notebook.certificate(try ledger.output(of: IssueCertificateStep.self))
    }

    /// Performs an operation and turns its fault into a failure.
    package func perform<Operation: WSManOperation>(_ operation: Operation) async throws(Failure) -> Operation.Output {
        do { return try await session.perform(operation) } catch { throw Self.failure(error) }
    }

    /// All instances of a class.
    package func enumerate<Class: WSManClass>(_ kind: Class.Type) async throws(Failure) -> [Class.Instance] {
        do { return try await session.enumerate(kind) } catch { throw Self.failure(error) }
    }

    /// What a fault means to a job: as everywhere, but that a busy firmware is waited for.
    static func failure(_ fault: WSManFault) -> Failure {
        var failure = Failure(fault)
        if case .refused(let refusal) = fault, refusal.word == PTStatus.operationInProgress.rawValue {
            failure.remedy = .wait
        }
        return failure
    }
}

/// How the firmware is to be met at this place of a job.
package enum MeetingPlace: Hashable, Sendable {
    /// In set-up mode, by our provisioning certificate.
    case setUp
    /// Under the name, the pin and an account of the record.
    case managed
    /// Under the name and the certificate that this job gave it.
    case proved
}

extension FirmwareContext {
    /// Turns the connection, with the TLS that the record allows.
    func turn(to endpoint: FirmwareEndpoint) async throws(Failure) {
        var endpoint = endpoint
        endpoint.allowsLegacyTLS = try await record().allowsLegacyTLS == true
        await connection.turn(to: endpoint)
    }

    package func place(_ ledger: JobLedger) -> MeetingPlace {
        if ledger.isDone(CommitStep.self) { return .proved }
        return job.kind == .provision || ledger.isDone(UnprovisionStep.self) ? .setUp : .managed
    }

    /// Turns the connection to where the job's next request has to go; to a managed firmware as the temporary account.
    package func open(_ ledger: JobLedger) async throws(Failure) {
        switch place(ledger) {
        case .setUp: try await openSetUp(ledger)
        case .managed: try await openManaged(ledger)
        case .proved: try await openProved(ledger)
        }
    }

    /// The new name, verified in full and pinned to the key that the certificate was issued for.
    package func openProved(_ ledger: JobLedger) async throws(Failure) {
        if await notebook.isTurned(to: "proved") { return }
        let certificate = try await issued(ledger)
        let record = try await record()
        var endpoint = FirmwareEndpoint(
            address: record.address, port: workshop.firmwarePort, name: target,
            trust: .authorities(workshop.authority.trustAnchors, pin: certificate.publicKey.pin),
            credential: try await account(ledger))
        (endpoint.movedTo, endpoint.expectsCredential) = (record.movedTo, true)
        try await turn(to: endpoint)
    }

    /// The name that the record holds, verified in full and pinned.
    func openManaged(_ ledger: JobLedger) async throws(Failure) {
        if await notebook.isTurned(to: "managed") { return }
        try await turn(to: try await managedEndpoint(credential: try await account(ledger)))
    }

    /// Where the record says that the firmware is, for any user of it whose password we set.
    func managedEndpoint(credential: DigestCredential) async throws(Failure) -> FirmwareEndpoint {
        let record = try await record()
        guard let firmware = record.firmware, let pin = bytes(hexadecimal: firmware.pin), pin.count == 32 else {
            throw Failure(
                .pinMissing, "the record of \(machine) holds no pin",
                hint: "A person has to look at the firmware's certificate and accept it first.")
        }
        let anchors = workshop.authority.trustAnchors
        // Another authority's certificate, which a person has accepted, is known by its key alone.
        var endpoint = FirmwareEndpoint(
            address: record.address, port: workshop.firmwarePort, name: firmware.name,
            trust: firmware.isForeign == true ? .pinned(pin) : .authorities(anchors, pin: pin), credential: credential)
        (endpoint.movedTo, endpoint.expectsCredential) = (record.movedTo, true)
        endpoint.otherwise = firmware.unproved.compactMap { unproved in
            bytes(hexadecimal: unproved.pin).flatMap { $0.count == 32 ? $0 : nil }.map {
                (unproved.name, .authorities(anchors, pin: $0))
            }
        }
        return endpoint
    }

    /// Turns to a firmware in set-up, at another address than the record's where one is given.
    func openSetUp(_ ledger: JobLedger, at address: String? = nil) async throws(Failure) {
        // Our certificate authenticates us where the firmware takes it for that; where it asks for a password all the
        // same, it is the factory's until we have set ours. Partial unprovisioning keeps ours, if power stays on.
        let isSet = ledger.isDone(SetAdminStep.self)
        let isOurs = job.kind != .provision || isSet
        let record = try await record()
        let address = address ?? record.address
        let isTurned = await notebook.isTurned(to: "set-up at \(address)")
        if await notebook.sets(ourPassword: isSet), isTurned { return }
        let key: PreSharedKey?
        if let pid = record.preSharedKey { key = try await vault.preSharedKey(pid) } else { key = nil }
        let first = DigestCredential(user: "admin", password: key?.password ?? Secret("admin"))
        let credential =
            isOurs
            ? DigestCredential(user: "admin", password: try await vault.secret(.adminPassword, of: machine)) : first
        // Where our password was set and another one opens, the machine has forgotten it: a power cut brings the former back.
        let alternatives = try await otherFirstLogins(isOurs ? first : nil)
        guard !isTurned else { return await connection.speak(as: credential, else: alternatives, expects: isSet) }
        var endpoint = FirmwareEndpoint(
            address: address, port: workshop.firmwarePort, name: target, trust: .setUpPeer, credential: credential)
        if let key {
            endpoint.sharedKey = TLSSharedKey(identity: key.pid, key: key.pps)
        } else {
            endpoint.identity = try workshop.chain.identity(for: record.rootHashes)
        }
        (endpoint.alternatives, endpoint.expectsCredential) = (alternatives, isSet)
        endpoint.showsMachine = true
        endpoint.objection = { [workshop] in workshop.objectionInSetUp(to: $0) }
        try await turn(to: endpoint)
        if address == record.address { try await prolongSetUp(record) }
    }

    /// Whether a firmware with which no TLS by certificates could be made is in set-up by its pre-shared key: such a port
    /// refuses that handshake as if nobody were there.
    func isInSetUpByKey(_ ledger: JobLedger) async throws(Failure) -> Bool {
        guard try await record().preSharedKey != nil else { return false }
        try await openSetUp(ledger)
        do {
            return try await session.perform(Get<AMT.SetupAndConfigurationService>()).provisioningState == .in
        } catch {
            switch error {
            // It may be restarting, or be managed by now: the next look tells.
            case .notSent, .unreachable, .sharedKeyRefused: return false
            default: throw Self.failure(error)
            }
        }
    }

    /// What a firmware in set-up may want of admin besides the factory's password: what a person gave its MEBx, or ours,
    /// which an attempt has set that was cut off before it could know.
    ///
    /// Where ours is asked for first, `former` is what set-up began with: a power cut may have brought it back.
    private func otherFirstLogins(_ former: DigestCredential?) async throws(Failure) -> [DigestCredential] {
        let others = workshop.firstLogins.map { DigestCredential(user: "admin", password: $0) }
        if let former { return [former] + others }
        guard try await vault.holds(.adminPassword, of: machine) else { return others }
        return [DigestCredential(user: "admin", password: try await vault.secret(.adminPassword, of: machine))] + others
    }

    /// Asks the firmware to stay in set-up for longer when it may close before the job is done.
    private func prolongSetUp(_ record: DeviceRecord) async throws(Failure) {
        guard let ends = record.setUpEnds, ends < now + SetUpWindow.reserve else { return }
        var prolonged: Double? = now + SetUpWindow.least
        do {
            try await session.perform(
                AMT.SetupAndConfigurationService.ExtendProvisioningPeriod(hours: UInt32(SetUpWindow.least / 3600)))
        } catch {
            // A firmware that will not may still be open for long enough.
            guard case .refused = error else { throw Self.failure(error) }
            prolonged = nil
        }
        _ = try await store.change(machine) { [prolonged] (record: inout DeviceRecord?) in
            record?.setUpEnds = prolonged
        }
    }

    /// The account that the firmware has now, by the steps that are done.
    func account(of ledger: JobLedger) throws(Failure) -> AccountStep.Output {
        ledger.isDone(SetUpAccountStep.self)
            ? try ledger.output(of: SetUpAccountStep.self) : try ledger.output(of: AccountStep.self)
    }

    private func account(_ ledger: JobLedger) async throws(Failure) -> DigestCredential {
        let account = try account(of: ledger)
        return DigestCredential(
            user: account.name, password: try await vault.secret(.account(account.name), of: machine))
    }
}
