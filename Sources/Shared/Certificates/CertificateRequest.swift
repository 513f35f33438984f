import COpenSSL
package import Vocabulary

/// A PKCS#10 request, kept as DER.
package struct CertificateRequest: Hashable, Sendable {
    package let der: [UInt8]
    package let publicKey: PublicKey

    /// Reads a request and checks that the key it names signed it.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnreadable`` or, when the signature is not the key's,
    ///   ``Failure/Code/certificateUnfit``.
    package init(der: [UInt8]) throws(Failure) {
        let raw = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_X509_REQ(nil, &start, buffer.count)
        }
        let request = try Owned(raw, X509_REQ_free, code: .certificateUnreadable, "not a PKCS#10 request")
        let key = try SharedObject(
            X509_REQ_get_pubkey(request.pointer), EVP_PKEY_free, code: .certificateUnreadable,
            "the request has no readable key")
        guard X509_REQ_verify(request.pointer, key.pointer) == 1 else {
            throw openSSLFailure(.certificateUnfit, "the request is not signed by its own key")
        }
        self.der = der
        publicKey = try PublicKey(key)
    }

    /// Reads the first request of a PEM text, as ``init(der:)`` does.
    package init(pem: String) throws(Failure) {
        let der = try reading(Array(pem.utf8)) { (bio: OpaquePointer) throws(Failure) -> [UInt8] in
            let request = try Owned(
                PEM_read_bio_X509_REQ(bio, nil, nil, nil), X509_REQ_free, code: .certificateUnreadable,
                "no PKCS#10 request in the PEM text")
            return try Certificates.der(.certificateUnreadable) { i2d_X509_REQ(request.pointer, $0) }
        }
        try self.init(der: der)
    }

    /// A request signed by the key that it is for.
    ///
    /// - Returns: PEM.
    package static func signed(commonName: String, by key: PrivateKey) throws(Failure) -> String {
        let request = try Owned(X509_REQ_new(), X509_REQ_free, code: .certificateUnreadable, "no request")
        try must(X509_REQ_set_version(request.pointer, 0), "version")
        try must(
            X509_NAME_add_entry_by_txt(
                X509_REQ_get_subject_name(request.pointer), "CN", MBSTRING_UTF8, commonName, -1, -1, 0), "common name")
        try key.withKey { (key: OpaquePointer) throws(Failure) in
            try must(X509_REQ_set_pubkey(request.pointer, key), "public key")
            guard X509_REQ_sign(request.pointer, key, EVP_sha256()) > 0 else {
                throw openSSLFailure(.certificateUnreadable, "the request cannot be signed")
            }
        }
        return String(
            decoding: try written(.certificateUnreadable) { PEM_write_bio_X509_REQ($0, request.pointer) }, as: UTF8.self
        )
    }

    /// A request for a key that only the firmware has: complete but for its signature, which is all zero.
    ///
    /// The firmware signs the CertificationRequestInfo in it (GeneratePKCS10RequestEx); its key must be the one named
    /// here. Source: LMS header of AMT_PublicKeyManagementService.
    ///
    /// - Returns: DER, with sha256WithRSAEncryption as the algorithm.
    package static func nullSigned(
        for name: Hostname, publicKey: PublicKey
    ) throws(Failure) -> [UInt8] {
        let request = try Owned(X509_REQ_new(), X509_REQ_free, code: .certificateUnreadable, "no request")
        try must(X509_REQ_set_version(request.pointer, 0), "version")
        try must(
            X509_NAME_add_entry_by_txt(
                X509_REQ_get_subject_name(request.pointer), "CN", MBSTRING_UTF8, name.text, -1, -1, 0), "common name")
        try publicKey.withKey { (key: OpaquePointer) throws(Failure) in
            try must(X509_REQ_set_pubkey(request.pointer, key), "public key")
        }
        let information = try Certificates.der(.certificateUnreadable) { i2d_re_X509_REQ_tbs(request.pointer, $0) }
        let algorithm: [UInt8] = [
            0x30, 0x0D,  // AlgorithmIdentifier
            0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B,  // sha256WithRSAEncryption
            0x05, 0x00,  // no parameters
        ]
        let size = try publicKey.withKey { (key: OpaquePointer) in Int(EVP_PKEY_get_size(key)) }
        let signature = tagged(0x03, [0] + [UInt8](repeating: 0, count: size))
        return tagged(0x30, information + algorithm + signature)
    }
}

/// One DER element: tag, length, content.
private func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
        switch count {
        case ..<0x80: [UInt8(count)]
        case ..<0x100: [0x81, UInt8(count)]
        default: [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
        }
    return [tag] + length + content
}
