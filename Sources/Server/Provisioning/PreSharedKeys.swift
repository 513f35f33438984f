import Certificates
package import Fleet
package import Vocabulary

extension Vault {
    /// The key with this PID.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyUnknown``, or the sealing's own.
    package func preSharedKey(_ pid: String) async throws(Failure) -> PreSharedKey {
        guard try await holds(.preSharedKey(pid), of: .nobody) else { throw KeptPreSharedKey.unknown(pid) }
        let kept = try await secret(.preSharedKey(pid), of: .nobody)
        return try kept.reveal { (bytes: [UInt8]) throws(Failure) in
            let end = bytes.firstIndex(of: newLine) ?? bytes.endIndex
            let rest = bytes[end...].dropFirst()
            return try PreSharedKey(
                pid: pid, pps: Secret(Array(bytes[..<end])), password: rest.isEmpty ? nil : Secret(Array(rest)))
        }
    }

    /// Seals keys and keeps them, all or none.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyDuplicate`` for a PID that comes twice or is there already.
    package func keep(
        _ keys: [PreSharedKey], on shelf: any PreSharedKeyShelf, note: String, now: Double
    ) async throws(Failure) {
        var seen: Set<String> = []
        let twice = keys.map(\.pid).filter { !seen.insert($0).inserted }
        guard twice.isEmpty else {
            throw Failure(
                .preSharedKeyDuplicate,
                "the file has \(twice.prefix(5).map(PreSharedKey.written).joined(separator: ", ")) more than once",
                hint:
                    "Nothing was taken. A key is for one machine: have the list made again, or take out the repetition."
            )
        }
        var sealed: [(key: KeptPreSharedKey, sealed: [UInt8])] = []
        for key in keys {
            let plain = key.pps.reveal { pps in
                Secret(pps + (key.password?.reveal { [newLine] + $0 } ?? []))
            }
            let value = try ring.seal(plain, for: Self.context(.preSharedKey(key.pid), .nobody))
            sealed.append((KeptPreSharedKey(pid: key.pid, added: now, note: note), value))
        }
        try await shelf.add(sealed)
    }
}

private let newLine = UInt8(ascii: "\n")

/// A new key, with a password for MEBx: 124 bits in the PPS, besides its checksums.
package func makePreSharedKey() throws(Failure) -> PreSharedKey {
    var pid = try randomCharacters(7)
    pid.append(PreSharedKey.checksum(of: pid))
    var pps: [UInt8] = []
    for _ in 0..<8 {
        let group = try randomCharacters(3)
        pps += group + [PreSharedKey.checksum(of: group)]
    }
    return try PreSharedKey(pid: String(decoding: pid, as: UTF8.self), pps: Secret(pps), password: try makePassword())
}

/// Digits and capital letters, each as likely as the others: 24 of them in a PPS are 124 bits.
private func randomCharacters(_ count: Int) throws(Failure) -> [UInt8] {
    var characters: [UInt8] = []
    while characters.count < count {
        // Values past the last whole multiple would favour the head of the alphabet.
        characters += try randomBytes(count * 2).filter { $0 < 252 }.prefix(count - characters.count).map {
            PreSharedKey.character(Int($0) % 36)
        }
    }
    return characters
}
