import COpenSSL
package import Vocabulary

extension Certificate {
    /// Why this certificate of a TLS server is not believed, by the rules of RFC 5280 as OpenSSL has them.
    ///
    /// - Parameters:
    ///   - authorities: Those that are believed; one that is no root is enough.
    ///   - issuers: What came with it, in any order.
    ///   - now: Seconds since 1970.
    /// - Returns: OpenSSL's words; `nil` when it is believed.
    /// - Throws: ``Failure`` when a certificate cannot be read.
    package func doubt(
        about authorities: [Certificate], issuers: [Certificate], now: Int
    ) throws(Failure) -> String? {
        let store = try Owned(X509_STORE_new(), X509_STORE_free, code: .certificateUnreadable, "no store")
        for authority in authorities {
            try authority.withCertificate { (certificate: OpaquePointer) throws(Failure) in
                // It keeps a reference of its own.
                guard X509_STORE_add_cert(store.pointer, certificate) == 1 else {
                    throw openSSLFailure(.certificateUnreadable, "an authority cannot be kept")
                }
            }
        }
        guard let untrusted = house_certificates_new() else {
            throw openSSLFailure(.certificateUnreadable, "no list of certificates")
        }
        defer { house_certificates_free(untrusted) }
        for issuer in issuers {
            try issuer.withCertificate { (certificate: OpaquePointer) throws(Failure) in
                guard house_certificates_add(untrusted, certificate) == 1 else {
                    throw openSSLFailure(.certificateUnreadable, "no list of certificates")
                }
            }
        }
        return try withCertificate { (certificate: OpaquePointer) throws(Failure) in
            let context = try Owned(
                X509_STORE_CTX_new(), X509_STORE_CTX_free, code: .certificateUnreadable, "no verification")
            guard X509_STORE_CTX_init(context.pointer, store.pointer, certificate, untrusted) == 1 else {
                throw openSSLFailure(.certificateUnreadable, "no verification")
            }
            let parameters = X509_STORE_CTX_get0_param(context.pointer)
            X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
            X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
            X509_VERIFY_PARAM_set_time(parameters, now)
            let outcome = X509_verify_cert(context.pointer)
            defer { ERR_clear_error() }
            guard outcome != 1 else { return nil }
            let number = X509_STORE_CTX_get_error(context.pointer)
            return X509_verify_cert_error_string(Int(number)).map { String(cString: $0) } ?? "error \(number)"
        }
    }
}
