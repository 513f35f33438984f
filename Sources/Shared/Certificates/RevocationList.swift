import COpenSSL
package import Vocabulary

/// Why a certificate is taken back; the numbers are those of RFC 5280, section 5.3.1.
package enum RevocationReason: Int, Hashable, Codable, Sendable {
    case keyCompromise = 1
    /// Another certificate has taken its place.
    case superseded = 4
    /// The machine is not managed any more.
    case cessationOfOperation = 5
}

/// A certificate revocation list (CRL), version 2, kept as DER.
package struct RevocationList: Hashable, Sendable {
    package let der: [UInt8]

    package struct Entry: Hashable, Sendable {
        /// Hexadecimal.
        package var serial: String
        /// Seconds since 1970.
        package var revoked: Int
        package var reason: RevocationReason

        package init(serial: String, revoked: Int, reason: RevocationReason) {
            self.serial = serial
            self.revoked = revoked
            self.reason = reason
        }
    }

    /// Issues a list; its number is its time, so that a later one is always the newer.
    ///
    /// - Parameters:
    ///   - entries: In any order.
    ///   - issuer: The authority that issued the certificates.
    ///   - key: The issuer's.
    ///   - digest: What the signature is made over.
    ///   - now: Seconds since 1970; the next list is promised `lifetime` later.
    ///   - lifetime: How long the list may be relied on.
    /// - Returns: The list, signed.
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnreadable`` and OpenSSL's words.
    package static func issue(
        _ entries: [Entry], by issuer: Certificate, signingWith key: PrivateKey, digest: SigningDigest = .sha256,
        now: Int, lifetime: Duration
    ) throws(Failure) -> RevocationList {
        let list = try Owned(X509_CRL_new(), X509_CRL_free, code: .certificateUnreadable, "no revocation list")
        let crl = list.pointer
        try must(X509_CRL_set_version(crl, 1), "version")
        try time(now) { (moment: UnsafePointer<ASN1_TIME>) in X509_CRL_set1_lastUpdate(crl, moment) }
        try time(now + Int(lifetime.components.seconds)) { (moment: UnsafePointer<ASN1_TIME>) in
            X509_CRL_set1_nextUpdate(crl, moment)
        }
        for entry in entries { try add(entry, to: crl) }
        try must(X509_CRL_sort(crl), "order")
        try number(bytes(of: now)) { (value: UnsafeMutablePointer<ASN1_INTEGER>) in
            X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, 0)
        }
        try issuer.withCertificate { (parent: OpaquePointer) throws(Failure) in
            try must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(parent)), "issuer")
            var context = X509V3_CTX()
            house_v3_context(&context, parent, nil)
            let identifier = try Owned(
                X509V3_EXT_conf_nid(nil, &context, NID_authority_key_identifier, "keyid"), X509_EXTENSION_free,
                code: .certificateUnreadable, "no authority key identifier")
            try must(X509_CRL_add_ext(crl, identifier.pointer, -1), "authority key identifier")
        }
        try key.withKey { (key: OpaquePointer) throws(Failure) in
            guard X509_CRL_sign(crl, key, digest.algorithm) > 0 else {
                throw openSSLFailure(.certificateUnreadable, "the revocation list cannot be signed")
            }
        }
        return RevocationList(der: try Certificates.der(.certificateUnreadable) { i2d_X509_CRL(crl, $0) })
    }

    private static func add(_ entry: Entry, to crl: OpaquePointer) throws(Failure) {
        guard let serial = Vocabulary.bytes(hexadecimal: entry.serial), let revoked = X509_REVOKED_new() else {
            throw Failure(.certificateUnreadable, "'\(entry.serial)' is no serial number")
        }
        do throws(Failure) {
            try number(serial) { (value: UnsafeMutablePointer<ASN1_INTEGER>) in
                X509_REVOKED_set_serialNumber(revoked, value)
            }
            try time(entry.revoked) { (moment: UnsafePointer<ASN1_TIME>) in
                X509_REVOKED_set_revocationDate(revoked, UnsafeMutablePointer(mutating: moment))
            }
            guard let reason = ASN1_ENUMERATED_new() else {
                throw openSSLFailure(.certificateUnreadable, "no reason")
            }
            defer { ASN1_ENUMERATED_free(reason) }
            try must(ASN1_ENUMERATED_set(reason, entry.reason.rawValue), "reason")
            try must(X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0), "reason")
            try must(X509_CRL_add0_revoked(crl, revoked), "entry")
        } catch {
            X509_REVOKED_free(revoked)
            throw error
        }
    }

    private static func time(_ seconds: Int, _ body: (UnsafePointer<ASN1_TIME>) -> CInt) throws(Failure) {
        guard let moment = ASN1_TIME_set(nil, seconds) else { throw openSSLFailure(.certificateUnreadable, "no time") }
        defer { ASN1_STRING_free(moment) }
        try must(body(moment), "time")
    }

    private static func number(
        _ bytes: [UInt8], _ body: (UnsafeMutablePointer<ASN1_INTEGER>) -> CInt
    ) throws(Failure) {
        let big = try Owned(
            BN_bin2bn(bytes, CInt(bytes.count), nil), BN_free, code: .certificateUnreadable, "no number")
        guard let value = BN_to_ASN1_INTEGER(big.pointer, nil) else {
            throw openSSLFailure(.certificateUnreadable, "no number")
        }
        defer { ASN1_STRING_free(value) }
        try must(body(value), "number")
    }

    private static func bytes(of number: Int) -> [UInt8] {
        (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// What a signature is made over.
package enum SigningDigest: String, Hashable, Codable, Sendable {
    case sha256
    case sha384

    var algorithm: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        }
    }
}
