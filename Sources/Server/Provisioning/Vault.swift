package import Certificates
package import Fleet
package import Vocabulary

/// The secrets of machines: sealed before they reach the store, opened only for the peer that needs them.
package struct Vault: Sendable {
    package typealias Store = DeviceStore & SecretShelf

    private let keys: VaultKeys
    private let store: any Store

    package init(keys: VaultKeys, store: any Store) {
        self.keys = keys
        self.store = store
    }

    /// A vault of one key.
    package init(key: SealingKey, store: any Store) {
        self.init(keys: VaultKeys(KeyRing(key)), store: store)
    }

    /// Makes a password and keeps it; durable when it returns, so that the firmware may learn of it next.
    ///
    /// Older ones stay until ``settle(_:of:)``: the firmware may still have one of them.
    package func writeAhead(
        _ purpose: SecretPurpose, of machine: MachineID, now: Double
    ) async throws(Failure) -> Secret {
        let password = try makePassword()
        try await store.keep(
            try keys.ring.seal(password, for: Self.context(purpose, machine)), as: purpose, of: machine, now: now)
        return password
    }

    /// Keeps a secret that a person has told.
    package func keep(
        _ secret: Secret, as purpose: SecretPurpose, of machine: MachineID, now: Double
    ) async throws(Failure) {
        try await store.keep(
            try keys.ring.seal(secret, for: Self.context(purpose, machine)), as: purpose, of: machine, now: now)
    }

    /// The newest secret kept for the purpose.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/noWorkingAccount`` when there is none, or the sealing's own.
    package func secret(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> Secret {
        guard let newest = try await store.sealed(purpose, of: machine).first else {
            throw Failure(
                .noWorkingAccount, "the store holds no \(purpose.rawValue) of \(machine)",
                hint: "Provision the machine again, or adopt it with a password that is known.")
        }
        return try keys.open(newest, for: Self.context(purpose, machine))
    }

    /// Every secret that the store holds of a machine, oldest first.
    package func secrets(
        of machine: MachineID
    ) async throws(Failure) -> [(purpose: SecretPurpose, secret: Secret)] {
        var found: [(purpose: SecretPurpose, secret: Secret)] = []
        for kept in try await store.secrets(of: machine) {
            found.append((kept.purpose, try keys.open(kept.sealed, for: Self.context(kept.purpose, machine))))
        }
        return found
    }

    /// What the store holds secrets for, of one machine.
    package func purposes(of machine: MachineID) async throws(Failure) -> Set<SecretPurpose> {
        Set(try await store.secrets(of: machine).map(\.purpose))
    }

    /// The ring that seals now.
    package var ring: KeyRing { keys.ring }

    package func holds(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) -> Bool {
        try await !store.sealed(purpose, of: machine).isEmpty
    }

    /// The newest secret is proved: the older ones go.
    package func settle(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) {
        try await store.forget(purpose, of: machine, keepingNewest: true)
    }

    package func forget(_ purpose: SecretPurpose, of machine: MachineID) async throws(Failure) {
        try await store.forget(purpose, of: machine, keepingNewest: false)
    }

    func change(
        _ machine: MachineID, _ body: @escaping @Sendable (inout DeviceRecord?) throws(Failure) -> Void
    ) async throws(Failure) -> DeviceRecord? { try await store.change(machine, body) }

    /// A sealed value opens only as the secret that it was sealed as.
    static func context(_ purpose: SecretPurpose, _ machine: MachineID) -> String {
        "\(machine.text)/\(purpose.rawValue)"
    }
}

/// A random password of 32 characters that firmware takes.
///
/// At least one lower-case and one upper-case letter, one digit and one special character; none of `: , " & < >` and no
/// underscore, which counts as a letter. About 190 bits. Source: network reference 3.5 and 4.2.
package func makePassword() throws(Failure) -> Secret {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%()*+-./=?@^".utf8)
    while true {
        var password: [UInt8] = []
        while password.count < 32 {
            // Values past the last whole multiple would favour the head of the alphabet.
            password += try randomBytes(48).filter { Int($0) < 256 / alphabet.count * alphabet.count }
                .prefix(32 - password.count).map { alphabet[Int($0) % alphabet.count] }
        }
        let characters = password.map { Character(UnicodeScalar($0)) }
        if characters.contains(where: \.isLowercase), characters.contains(where: \.isUppercase),
            characters.contains(where: \.isNumber), characters.contains(where: { !$0.isLetter && !$0.isNumber })
        {
            return Secret(password)
        }
    }
}
