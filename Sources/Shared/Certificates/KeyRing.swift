package import Vocabulary

/// The master keys of one vault, current one first: that one seals, all of them open.
///
/// As a file it is nothing but the keys, 32 bytes each, one after the other; a file of one key is 32 bytes long.
package struct KeyRing: Sendable {
    /// Never empty.
    package let keys: [SealingKey]
    package let current: SealingKey

    /// How many keys one ring may hold.
    package static let limit = 64

    /// Reads a ring as it is filed.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/vaultKeyWrong`` unless the bytes are 1 to 64 different keys.
    package init(filed: Secret) throws(Failure) {
        let parts = filed.reveal { bytes in
            stride(from: 0, to: bytes.count, by: 32).map { Secret(Array(bytes[$0..<min($0 + 32, bytes.count)])) }
        }
        var keys: [SealingKey] = []
        for part in parts { keys.append(try SealingKey(part)) }
        try self.init(keys)
    }

    /// A ring of one key.
    package init(_ key: SealingKey) {
        keys = [key]
        current = key
    }

    private init(_ keys: [SealingKey]) throws(Failure) {
        guard let first = keys.first, keys.count <= Self.limit, Set(keys.map(\.identifier)).count == keys.count else {
            throw Failure(
                .vaultKeyWrong, "the master key file holds \(keys.count) keys, or one of them twice",
                hint: "It holds 32 bytes for each key, at most \(Self.limit). Restore it from its backup.")
        }
        self.keys = keys
        current = first
    }

    /// The ring as it is filed.
    package var filed: Secret {
        Secret(keys.flatMap { key in key.key.reveal { $0 } })
    }

    /// The ring with a new current key in front.
    package func rotated() throws(Failure) -> KeyRing {
        try KeyRing([try SealingKey(Secret(try randomBytes(32)))] + keys)
    }

    /// The ring without an old key; the current one stays.
    package func without(_ identifier: [UInt8]) throws(Failure) -> KeyRing {
        try KeyRing(keys.filter { $0.identifier != identifier || $0.identifier == current.identifier })
    }

    package func holds(_ identifier: [UInt8]) -> Bool { keys.contains { $0.identifier == identifier } }

    package func seal(_ secret: Secret, for context: String) throws(Failure) -> [UInt8] {
        try current.seal(secret, for: context)
    }

    /// Opens with whichever key sealed it.
    ///
    /// - Throws: As ``SealingKey/open(_:for:)``; ``Failure/Code/vaultKeyWrong`` when the ring lacks the key.
    package func open(_ sealed: [UInt8], for context: String) throws(Failure) -> Secret {
        try (keys.first { $0.identifier == Array(sealed.prefix(8)) } ?? current).open(sealed, for: context)
    }
}
