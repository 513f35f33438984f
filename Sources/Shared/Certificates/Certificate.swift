import COpenSSL
package import Vocabulary

/// An X.509 certificate, read once; two are the same when their DER is.
package struct Certificate: Sendable {
    package let der: [UInt8]
    package let subjectCommonName: String
    /// The subject's OUs, in their order.
    package let organizationalUnits: [String]
    package let dnsNames: [String]
    /// Lower-case hexadecimal.
    package let serial: String
    package let publicKey: PublicKey
    /// Seconds since 1970, UTC.
    package let notBefore: Int
    package let notAfter: Int
    private let object: SharedObject

    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnreadable``.
    package init(der: [UInt8]) throws(Failure) {
        let raw = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        try self.init(
            try SharedObject(
                raw, X509_free, code: .certificateUnreadable, "not a certificate in DER (\(der.count) bytes)"), der)
    }

    /// What OpenSSL holds; nobody may change it any more.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/certificateUnreadable``.
    init(_ certificate: SharedObject, _ der: [UInt8]? = nil) throws(Failure) {
        object = certificate
        self.der =
            if let der { der } else {
                try Certificates.der(.certificateUnreadable) { i2d_X509(certificate.pointer, $0) }
            }
        publicKey = PublicKey(
            spki: try Certificates.der(.certificateUnreadable) {
                i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.pointer), $0)
            })
        subjectCommonName = Self.commonName(X509_get_subject_name(certificate.pointer))
        organizationalUnits = Self.organizationalUnits(X509_get_subject_name(certificate.pointer))
        dnsNames = Self.dnsNames(certificate.pointer)
        serial = try Self.serial(certificate.pointer)
        notBefore = Self.seconds(X509_get0_notBefore(certificate.pointer))
        notAfter = Self.seconds(X509_get0_notAfter(certificate.pointer))
    }

    /// Every certificate of a PEM text, in its order.
    ///
    /// - Throws: ``Failure`` when there is none, or one cannot be read.
    package static func all(pem: String) throws(Failure) -> [Certificate] {
        let found = try reading(Array(pem.utf8)) { (bio: OpaquePointer) throws(Failure) -> [Certificate] in
            var found: [Certificate] = []
            while let raw = PEM_read_bio_X509(bio, nil, nil, nil) {
                found.append(
                    try Certificate(
                        try SharedObject(raw, X509_free, code: .certificateUnreadable, "no certificate")))
            }
            ERR_clear_error()
            return found
        }
        guard !found.isEmpty else { throw Failure(.certificateUnreadable, "no certificate in the PEM text") }
        return found
    }

    package var pem: String {
        get throws(Failure) {
            try withCertificate { (certificate: OpaquePointer) throws(Failure) in
                String(
                    decoding: try written(.certificateUnreadable) { PEM_write_bio_X509($0, certificate) }, as: UTF8.self
                )
            }
        }
    }

    /// SHA-256 of the DER: what firmware's table of roots holds, and what people compare.
    package var fingerprint: [UInt8] { Digest.sha256(der) }

    /// Whether `issuer`'s key signed this one and the names fit.
    package func isIssued(by issuer: Certificate) throws(Failure) -> Bool {
        try withCertificate { (child: OpaquePointer) throws(Failure) in
            try issuer.withCertificate { (parent: OpaquePointer) throws(Failure) in
                guard X509_check_issued(parent, child) == X509_V_OK else { return false }
                defer { ERR_clear_error() }
                return X509_verify(child, X509_get0_pubkey(parent)) == 1
            }
        }
    }

    /// Whether the certificate may be used for `oid`, a dotted extended key usage that must be there.
    package func hasExtendedKeyUsage(_ oid: String) throws(Failure) -> Bool {
        try withCertificate { (certificate: OpaquePointer) in house_has_extended_usage(certificate, oid) == 1 }
    }

    func withCertificate<Value>(_ body: (OpaquePointer) throws(Failure) -> Value) throws(Failure) -> Value {
        try body(object.pointer)
    }

    private static func commonName(_ name: OpaquePointer?) -> String {
        var text = [CChar](repeating: 0, count: 256)
        let count = X509_NAME_get_text_by_NID(name, NID_commonName, &text, CInt(text.count))
        guard count > 0 else { return "" }
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func organizationalUnits(_ name: OpaquePointer?) -> [String] {
        var (found, place): ([String], CInt) = ([], -1)
        while true {
            place = X509_NAME_get_index_by_NID(name, NID_organizationalUnitName, place)
            guard place >= 0 else { return found }
            var start: UnsafeMutablePointer<UInt8>?
            let count = ASN1_STRING_to_UTF8(&start, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place)))
            guard count >= 0, let start else { continue }
            found.append(String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self))
            CRYPTO_free(start, #file, #line)
        }
    }

    private static func dnsNames(_ certificate: OpaquePointer) -> [String] {
        guard let names = house_subject_alternative_names(certificate) else { return [] }
        defer { house_names_free(names) }
        return (0..<house_names_count(names)).compactMap { place in
            var count: CInt = 0
            guard let start = house_dns_name(names, place, &count) else { return nil }
            return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
        }
    }

    private static func serial(_ certificate: OpaquePointer) throws(Failure) -> String {
        let number = try Owned(
            ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil), BN_free, code: .certificateUnreadable,
            "no serial number")
        guard let text = BN_bn2hex(number.pointer) else { return "" }
        defer { CRYPTO_free(text, #file, #line) }
        return String(cString: text).lowercased()
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return timegm(&parts)
    }
}

extension Certificate: Hashable {
    package static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
