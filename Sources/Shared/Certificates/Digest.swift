import COpenSSL
package import Vocabulary

/// The digests that firmware, certificates and HTTP ask for.
package enum Digest: Sendable {
    case md5, sha1, sha256, sha384, sha512

    /// The digest of `bytes`: 16, 20, 32, 48 or 64 bytes.
    package func callAsFunction(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // It fails only without memory, or where a FIPS provider forbids MD5, which digest authentication cannot do without.
        let outcome = EVP_Digest(input, input.count, &output, &count, algorithm, nil)
        precondition(outcome == 1, "OpenSSL refuses \(self): is a FIPS provider active?")
        return Array(output.prefix(Int(count)))
    }

    private var algorithm: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }
}

/// HMAC-SHA-256 (RFC 2104), 32 bytes.
package func hmacSHA256(_ bytes: [UInt8], key: Secret) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    let made = key.reveal { HMAC(EVP_sha256(), $0, CInt($0.count), bytes, bytes.count, &output, &count) }
    // As above, only without memory.
    precondition(made != nil && count == 32, "OpenSSL refuses HMAC")
    return output
}

/// Bytes from OpenSSL's random generator.
///
/// - Throws: ``Failure`` when the generator is not seeded; nothing weaker is used in its stead.
package func randomBytes(_ count: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, CInt(count)) == 1 else { throw openSSLFailure(.vaultDamaged, "no random bytes") }
    return bytes
}
