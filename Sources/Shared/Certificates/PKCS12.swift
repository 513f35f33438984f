import COpenSSL
package import Vocabulary

/// What a PKCS#12 file holds: a private key and certificates, in the order of the file.
///
/// Windows exports them sealed with RC2 of 40 bits up to Server 2016, which OpenSSL keeps in its legacy provider: that one
/// is loaded for such a file alone, in a library context of its own.
package struct PKCS12: Sendable {
    package let key: PrivateKey
    package let certificates: [Certificate]

    /// - Parameters:
    ///   - der: The file.
    ///   - password: Without a line's end; an empty one opens files that were sealed with none.
    /// - Throws: ``Failure`` with ``Failure/Code/keyUnreadable``: no such file, another password, no key in it.
    package init(der: [UInt8], password: Secret) throws(Failure) {
        do throws(Failure) { self = try Self.open(der, password, withLegacy: false) } catch {
            guard error.message.contains("unsupported") else { throw error }
            self = try Self.open(der, password, withLegacy: true)
        }
    }

    private init(key: PrivateKey, certificates: [Certificate]) {
        self.key = key
        self.certificates = certificates
    }

    private static func open(_ der: [UInt8], _ password: Secret, withLegacy: Bool) throws(Failure) -> PKCS12 {
        let library = try Owned(
            OSSL_LIB_CTX_new(), OSSL_LIB_CTX_free, code: .keyUnreadable, "no context of OpenSSL's library")
        let provider = try Owned(
            OSSL_PROVIDER_load(library.pointer, "default"), { OSSL_PROVIDER_unload($0) }, code: .keyUnreadable,
            "no default provider of OpenSSL's")
        defer { withExtendedLifetime(provider.pointer) {} }
        guard withLegacy else { return try read(der, password, library.pointer) }
        guard let raw = OSSL_PROVIDER_load(library.pointer, "legacy") else {
            throw openSSLFailure(
                .keyUnreadable,
                "the PKCS#12 file is sealed with an old cipher, and OpenSSL's legacy provider is not installed",
                hint: "Seal it anew where it was made, with AES-256, or give it as two PEM files.")
        }
        let legacy = try Owned(raw, { OSSL_PROVIDER_unload($0) }, code: .keyUnreadable, "no legacy provider")
        defer { withExtendedLifetime(legacy.pointer) {} }
        return try read(der, password, library.pointer)
    }

    private static func read(
        _ der: [UInt8], _ password: Secret, _ library: OpaquePointer
    ) throws(Failure) -> PKCS12 {
        let file = try Owned(
            PKCS12_init_ex(NID_pkcs7_data, library, nil), PKCS12_free, code: .keyUnreadable, "no PKCS#12 object")
        try reading(der) { (bio: OpaquePointer) throws(Failure) in
            var pointer: OpaquePointer? = file.pointer
            guard d2i_PKCS12_bio(bio, &pointer) != nil else {
                throw openSSLFailure(
                    .keyUnreadable, "no PKCS#12 file", hint: "Name the .pfx or .p12 file; PEM has options of its own.")
            }
        }
        var (rawKey, rawLeaf, rest): (OpaquePointer?, OpaquePointer?, OpaquePointer?)
        let word = Secret(password.reveal { $0 + [0] })
        let outcome = word.reveal { bytes in
            bytes.withUnsafeBytes { buffer in
                PKCS12_parse(
                    file.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), &rawKey, &rawLeaf, &rest)
            }
        }
        defer { if let rest { house_certificates_free(rest) } }
        guard outcome == 1 else {
            if ERR_GET_REASON(ERR_peek_last_error()) == PKCS12_R_MAC_VERIFY_FAILURE {
                ERR_clear_error()
                throw Failure(
                    .keyUnreadable, "the password does not open the PKCS#12 file",
                    hint: "The password file holds the password in its first line, and nothing else.")
            }
            throw openSSLFailure(.keyUnreadable, "the PKCS#12 file cannot be opened")
        }
        guard let rawKey else {
            if let rawLeaf { X509_free(rawLeaf) }
            throw Failure(
                .keyUnreadable, "the PKCS#12 file holds no private key", hint: "Export it again, with its private key.")
        }
        let key = try Owned(rawKey, EVP_PKEY_free, code: .keyUnreadable, "no key")
        var certificates: [Certificate] = []
        if let rawLeaf {
            let leaf = try Owned(rawLeaf, X509_free, code: .certificateUnreadable, "no certificate")
            certificates.append(try certificate(leaf.pointer))
        }
        for place in 0..<house_certificates_count(rest) {
            if let found = house_certificate(rest, place) { certificates.append(try certificate(found)) }
        }
        return PKCS12(key: try PrivateKey(copying: key.pointer), certificates: certificates)
    }

    private static func certificate(_ x509: OpaquePointer) throws(Failure) -> Certificate {
        try Certificate(der: try der(.certificateUnreadable) { i2d_X509(x509, $0) })
    }
}
