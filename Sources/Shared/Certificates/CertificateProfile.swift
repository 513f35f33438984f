import COpenSSL
package import Vocabulary

/// What a new certificate shall say; who signs it is said apart.
package struct CertificateProfile: Sendable {
    package var commonName: String
    package var organizationalUnit: String?
    /// `DNS:name` and `IP:address` entries.
    package var subjectAlternativeNames: [String] = []
    /// `nil` for a leaf, else how many authorities may follow below.
    package var authorityPathLength: Int?
    /// OpenSSL's words for extended key usages, or dotted numbers.
    package var extendedKeyUsages: [String] = []
    /// What the signature is made over.
    package var digest = SigningDigest.sha256
    /// Where the issuer's revocation list is, an http URL without commas; `nil` when nobody serves it.
    package var revocationList: String?
    /// How long it is valid, from ten minutes before now: clocks differ.
    package var lifetime: Duration

    package init(commonName: String, lifetime: Duration) {
        self.commonName = commonName
        self.lifetime = lifetime
    }

    /// A root authority that may sign leaves, and `below` storeys of authorities between them and itself.
    package static func root(_ name: String, below: Int = 0) -> Self {
        var profile = Self(commonName: name, lifetime: .seconds(20 * 365 * 86_400))
        profile.authorityPathLength = below
        return profile
    }

    /// An authority under a root that stays offline; it signs leaves only.
    package static func intermediate(_ name: String) -> Self {
        var profile = Self(commonName: name, lifetime: .seconds(5 * 365 * 86_400))
        profile.authorityPathLength = 0
        return profile
    }

    /// A TLS server under its full and its short name.
    package static func server(_ name: Hostname, lifetime: Duration = .seconds(2 * 365 * 86_400)) -> Self {
        var profile = Self(commonName: name.text, lifetime: lifetime)
        profile.subjectAlternativeNames = ["DNS:\(name.text)"] + (name.isQualified ? ["DNS:\(name.host)"] : [])
        profile.extendedKeyUsages = ["serverAuth"]
        return profile
    }

    /// An agent as a TLS client, under its machine's UUID.
    package static func agent(of machine: MachineID) -> Self {
        var profile = Self(commonName: machine.text, lifetime: .seconds(2 * 365 * 86_400))
        profile.organizationalUnit = "Namesake agent"
        profile.subjectAlternativeNames = ["URI:urn:uuid:\(machine.text)"]
        profile.extendedKeyUsages = ["clientAuth"]
        return profile
    }

    /// A provisioning certificate: serverAuth and Intel's set-up usage.
    ///
    /// Source: IRG "acquiring an Intel vPro certificate": 2.16.840.1.113741.1.2.3, or the OU that stood in for it.
    package static func provisioning(_ name: Hostname) -> Self {
        var profile = Self(commonName: name.text, lifetime: .seconds(2 * 365 * 86_400))
        profile.organizationalUnit = Self.setUpUnit
        profile.subjectAlternativeNames = ["DNS:\(name.text)"]
        profile.extendedKeyUsages = ["serverAuth", "clientAuth", Self.setUpUsage]
        return profile
    }

    package static let setUpUsage = "2.16.840.1.113741.1.2.3"
    package static let setUpUnit = "Intel(R) Client Setup Certificate"

    /// Makes the certificate about `publicKey`.
    ///
    /// Without an issuer it is signed by its own key; `now` is in seconds since 1970. Fails with
    /// ``Failure/Code/certificateUnreadable`` and OpenSSL's words.
    package func issue(
        for publicKey: PublicKey, by issuer: Certificate?, signingWith key: PrivateKey, now: Int
    ) throws(Failure) -> Certificate {
        let certificate = try SharedObject(X509_new(), X509_free, code: .certificateUnreadable, "no certificate")
        let x509 = certificate.pointer
        try must(X509_set_version(x509, 2), "version")
        try setSerial(x509)
        try must(set(seconds: now - 600, X509_getm_notBefore(x509)), "start")
        try must(set(seconds: now + Int(lifetime.components.seconds), X509_getm_notAfter(x509)), "end")
        let subject = X509_get_subject_name(x509)
        try must(entry(subject, "CN", commonName), "common name")
        if let organizationalUnit { try must(entry(subject, "OU", organizationalUnit), "organizational unit") }
        try publicKey.withKey { (key: OpaquePointer) throws(Failure) in
            try must(X509_set_pubkey(x509, key), "public key")
        }
        if let issuer {
            try issuer.withCertificate { (parent: OpaquePointer) throws(Failure) in
                try must(X509_set_issuer_name(x509, X509_get_subject_name(parent)), "issuer")
                try addExtensions(x509, parent)
            }
        } else {
            try must(X509_set_issuer_name(x509, subject), "issuer")
            try addExtensions(x509, x509)
        }
        try key.withKey { (key: OpaquePointer) throws(Failure) in
            guard X509_sign(x509, key, digest.algorithm) > 0 else {
                throw openSSLFailure(.certificateUnreadable, "cannot be signed")
            }
        }
        return try Certificate(certificate)
    }

    private func addExtensions(_ x509: OpaquePointer, _ parent: OpaquePointer) throws(Failure) {
        if let authorityPathLength {
            try add(NID_basic_constraints, "critical,CA:TRUE,pathlen:\(authorityPathLength)", x509, parent)
            try add(NID_key_usage, "critical,keyCertSign,cRLSign", x509, parent)
        } else {
            try add(NID_basic_constraints, "critical,CA:FALSE", x509, parent)
            try add(NID_key_usage, "critical,digitalSignature,keyEncipherment", x509, parent)
        }
        if !extendedKeyUsages.isEmpty {
            try add(NID_ext_key_usage, extendedKeyUsages.joined(separator: ","), x509, parent)
        }
        if !subjectAlternativeNames.isEmpty {
            try add(NID_subject_alt_name, subjectAlternativeNames.joined(separator: ","), x509, parent)
        }
        if let revocationList { try add(NID_crl_distribution_points, "URI:\(revocationList)", x509, parent) }
        try add(NID_subject_key_identifier, "hash", x509, parent)
        if parent != x509 { try add(NID_authority_key_identifier, "keyid", x509, parent) }
    }

    private func add(_ kind: CInt, _ value: String, _ x509: OpaquePointer, _ parent: OpaquePointer) throws(Failure) {
        var context = X509V3_CTX()
        house_v3_context(&context, parent, x509)
        let made = try Owned(
            X509V3_EXT_conf_nid(nil, &context, kind, value), X509_EXTENSION_free, code: .certificateUnreadable,
            "no extension \(value)")
        try must(X509_add_ext(x509, made.pointer, -1), "extension")
    }

    /// A random positive serial number of 127 bits.
    private func setSerial(_ x509: OpaquePointer) throws(Failure) {
        var bytes = try randomBytes(16)
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = try Owned(
            BN_bin2bn(bytes, CInt(bytes.count), nil), BN_free, code: .certificateUnreadable, "no serial number")
        guard BN_to_ASN1_INTEGER(number.pointer, X509_get_serialNumber(x509)) != nil else {
            throw openSSLFailure(.certificateUnreadable, "serial number")
        }
    }

    private func set(seconds: Int, _ time: UnsafeMutablePointer<ASN1_TIME>?) -> CInt {
        ASN1_TIME_set(time, seconds) == nil ? 0 : 1
    }

    private func entry(_ name: OpaquePointer?, _ field: String, _ value: String) -> CInt {
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, value, -1, -1, 0)
    }
}

func must(_ outcome: CInt, _ what: String) throws(Failure) {
    guard outcome == 1 else { throw openSSLFailure(.certificateUnreadable, "\(what) cannot be set") }
}
