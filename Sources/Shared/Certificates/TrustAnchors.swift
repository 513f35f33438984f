import COpenSSL
package import Vocabulary

/// Authorities that are believed, and those between them and the certificates that somebody shows.
package struct TrustAnchors: Hashable, Sendable {
    package let roots: [Certificate]
    /// Believed only as far as a root vouches for them.
    package let intermediates: [Certificate]

    /// Sorts the certificates of a PEM text: what its own key signed is a root.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnreadable``, or ``Failure/Code/certificateUnfit`` where no root
    ///   is among them: one that is not there cannot vouch for the others.
    package init(pem: String) throws(Failure) {
        var (roots, intermediates): ([Certificate], [Certificate]) = ([], [])
        for certificate in try Certificate.all(pem: pem) {
            if try certificate.isIssued(by: certificate) {
                roots.append(certificate)
            } else {
                intermediates.append(certificate)
            }
        }
        guard !roots.isEmpty else {
            throw Failure(
                .certificateUnfit,
                "none of the \(intermediates.count) certificates is a root: each was issued by another",
                hint: "Put the root into the file too.")
        }
        (self.roots, self.intermediates) = (roots, intermediates)
    }

    /// Follows a chain from its first certificate up to a root: signatures, names, authorities' rights, times.
    ///
    /// - Parameters:
    ///   - chain: The leaf first; what is above it in any order, without the root or with it.
    ///   - now: Seconds since 1970.
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnfit`` and OpenSSL's words.
    package func verify(_ chain: [Certificate], now: Int) throws(Failure) {
        guard let leaf = chain.first else { throw Failure(.certificateUnfit, "there is no certificate") }
        let store = try Owned(X509_STORE_new(), X509_STORE_free, code: .certificateUnfit, "no store of certificates")
        for root in roots {
            try root.withCertificate { (root: OpaquePointer) throws(Failure) in
                try must(X509_STORE_add_cert(store.pointer, root), "root")
            }
        }
        let others = try Owned(
            house_certificates_new(), house_certificates_free, code: .certificateUnfit, "no list of certificates")
        for certificate in chain.dropFirst() + intermediates {
            try certificate.withCertificate { (certificate: OpaquePointer) throws(Failure) in
                try must(house_certificates_add(others.pointer, certificate), "certificate")
            }
        }
        let context = try Owned(X509_STORE_CTX_new(), X509_STORE_CTX_free, code: .certificateUnfit, "no context")
        try leaf.withCertificate { (leaf: OpaquePointer) throws(Failure) in
            try must(X509_STORE_CTX_init(context.pointer, store.pointer, leaf, others.pointer), "context")
            X509_STORE_CTX_set_time(context.pointer, 0, now)
            let outcome = X509_verify_cert(context.pointer)
            ERR_clear_error()
            guard outcome == 1 else { throw Self.failure(context.pointer, leaf: leaf) }
        }
    }

    private static func failure(_ context: OpaquePointer, leaf: OpaquePointer) -> Failure {
        let words = String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
        let place = X509_STORE_CTX_get_error_depth(context)
        return Failure(.certificateUnfit, "certificate \(place) of the chain, counted from the leaf's 0: \(words)")
    }
}

extension PublicKey {
    /// Whether the key, on the curve P-384, has signed a digest by ECDSA.
    ///
    /// - Parameters:
    ///   - raw: The signature as two numbers of 48 bytes, r and s.
    ///   - digest: What was signed.
    /// - Returns: `false` for a key of another kind, too.
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnfit`` where OpenSSL cannot try.
    package func isP384Signature(_ raw: [UInt8], of digest: [UInt8]) throws(Failure) -> Bool {
        guard raw.count == 96 else { return false }
        let numbers = [raw[..<48], raw[48...]].map { half in
            half.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, CInt($0.count), nil) }
        }
        let signature = try Owned(ECDSA_SIG_new(), ECDSA_SIG_free, code: .certificateUnfit, "no signature")
        guard ECDSA_SIG_set0(signature.pointer, numbers[0], numbers[1]) == 1 else {
            for number in numbers { BN_free(number) }
            throw openSSLFailure(.certificateUnfit, "no signature")
        }
        let encoded = try der(.certificateUnfit) { i2d_ECDSA_SIG(signature.pointer, $0) }
        return try withKey { (key: OpaquePointer) throws(Failure) in
            guard EVP_PKEY_get_base_id(key) == EVP_PKEY_EC, EVP_PKEY_get_bits(key) == 384 else { return false }
            let context = try Owned(
                EVP_PKEY_CTX_new(key, nil), EVP_PKEY_CTX_free, code: .certificateUnfit, "no context")
            try must(EVP_PKEY_verify_init(context.pointer), "context")
            let outcome = EVP_PKEY_verify(context.pointer, encoded, encoded.count, digest, digest.count)
            ERR_clear_error()
            return outcome == 1
        }
    }
}
