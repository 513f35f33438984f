import COpenSSL
package import Vocabulary

/// A private key as PKCS#8 PEM and as OpenSSL's object, which clears its memory with the last copy.
package struct PrivateKey: Sendable {
    package let pem: Secret
    private let object: SharedObject

    /// Reads PEM of any kind that OpenSSL reads without a passphrase.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/keyUnreadable``.
    package init(pem: Secret) throws(Failure) {
        self.pem = pem
        object = try pem.reveal { (bytes: [UInt8]) throws(Failure) in
            try reading(bytes) { (bio: OpaquePointer) throws(Failure) in
                // OpenSSL would ask at the terminal for a passphrase.
                let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
                if key == nil, bytes.firstRange(of: Array("ENCRYPTED".utf8)) != nil {
                    throw Failure(
                        .keyUnreadable, "the private key is sealed with a passphrase",
                        hint: "Write it without one to a file of your own alone: `umask 077; openssl pkey -in KEY -out "
                            + "PLAIN`.")
                }
                return try SharedObject(key, EVP_PKEY_free, code: .keyUnreadable, "no private key in PEM")
            }
        }
    }

    /// Makes a new RSA key of `bits` bits.
    package static func rsa(bits: Int) throws(Failure) -> PrivateKey {
        let context = try Owned(
            EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil), EVP_PKEY_CTX_free, code: .keyUnreadable, "no key context")
        guard EVP_PKEY_keygen_init(context.pointer) == 1,
            EVP_PKEY_CTX_set_rsa_keygen_bits(context.pointer, CInt(bits)) == 1
        else { throw openSSLFailure(.keyUnreadable, "no RSA key of \(bits) bits") }
        return try made(in: context)
    }

    /// Makes a new key on the curve P-256.
    package static func p256() throws(Failure) -> PrivateKey {
        let context = try Owned(
            EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil), EVP_PKEY_CTX_free, code: .keyUnreadable, "no key context")
        guard EVP_PKEY_keygen_init(context.pointer) == 1,
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.pointer, NID_X9_62_prime256v1) == 1
        else { throw openSSLFailure(.keyUnreadable, "no key on P-256") }
        return try made(in: context)
    }

    private static func made(in context: borrowing Owned) throws(Failure) -> PrivateKey {
        var raw: OpaquePointer?
        guard EVP_PKEY_generate(context.pointer, &raw) == 1 else {
            throw openSSLFailure(.keyUnreadable, "no key could be made")
        }
        let key = try Owned(raw, EVP_PKEY_free, code: .keyUnreadable, "no key")
        return try PrivateKey(copying: key.pointer)
    }

    /// The same key as PKCS#8; `key` stays its owner's.
    init(copying key: OpaquePointer) throws(Failure) {
        try self.init(
            pem: Secret(
                try written(.keyUnreadable) { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }))
    }

    /// The key as PKCS#1 RSAPrivateKey, DER: what firmware takes.
    package var pkcs1: Secret {
        get throws(Failure) {
            try withKey { (key: OpaquePointer) throws(Failure) in
                Secret(try der(.keyUnreadable) { i2d_PrivateKey(key, $0) })
            }
        }
    }

    /// The public half.
    package var publicKey: PublicKey {
        get throws(Failure) {
            try withKey { (key: OpaquePointer) throws(Failure) in
                PublicKey(spki: try der(.keyUnreadable) { i2d_PUBKEY(key, $0) })
            }
        }
    }

    func withKey<Value>(_ body: (OpaquePointer) throws(Failure) -> Value) throws(Failure) -> Value {
        try body(object.pointer)
    }
}

/// A public key, kept as DER SubjectPublicKeyInfo.
package struct PublicKey: Codable, Sendable {
    private enum CodingKeys: CodingKey { case spki }

    package let spki: [UInt8]
    /// OpenSSL's, where the key came from it.
    private var object: SharedObject?

    package init(spki: [UInt8]) { self.spki = spki }

    /// What OpenSSL holds; nobody may change it any more.
    init(_ key: SharedObject) throws(Failure) {
        object = key
        spki = try der(.keyUnreadable) { i2d_PUBKEY(key.pointer, $0) }
    }

    /// Reads what firmware hands out as `DERKey`: PKCS#1 RSAPublicKey in captures, SubjectPublicKeyInfo with some peers.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/keyUnreadable``.
    package init(firmware bytes: [UInt8]) throws(Failure) {
        var start: UnsafePointer<UInt8>?
        let raw = bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            start = buffer.baseAddress
            if let key = d2i_PUBKEY(nil, &start, buffer.count) { return key }
            ERR_clear_error()
            start = buffer.baseAddress
            return d2i_PublicKey(EVP_PKEY_RSA, nil, &start, buffer.count)
        }
        try self.init(
            try SharedObject(
                raw, EVP_PKEY_free, code: .keyUnreadable, "the firmware's public key is neither PKCS#1 nor SPKI"))
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the pin.
    package var pin: [UInt8] { Digest.sha256(spki) }

    func withKey<Value>(_ body: (OpaquePointer) throws(Failure) -> Value) throws(Failure) -> Value {
        if let object { return try body(object.pointer) }
        let raw = spki.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_PUBKEY(nil, &start, buffer.count)
        }
        let key = try Owned(raw, EVP_PKEY_free, code: .keyUnreadable, "not a SubjectPublicKeyInfo")
        return try body(key.pointer)
    }
}

extension PublicKey: Hashable {
    package static func == (left: PublicKey, right: PublicKey) -> Bool { left.spki == right.spki }
    package func hash(into hasher: inout Hasher) { hasher.combine(spki) }
}
