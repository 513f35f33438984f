import COpenSSL
package import Vocabulary

/// Seals secrets with AES-256-GCM, each bound to what it belongs to.
///
/// A sealed value is `key id (8 bytes) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`; the key id is the head of the key's
/// SHA-256, so that a value tells which key it wants.
package struct SealingKey: Sendable {
    let key: Secret
    package let identifier: [UInt8]

    /// - Throws: ``Failure`` with ``Failure/Code/vaultKeyWrong`` unless the key has 32 bytes.
    package init(_ key: Secret) throws(Failure) {
        guard key.reveal({ $0.count }) == 32 else {
            throw Failure(
                .vaultKeyWrong, "the master key is not 32 bytes long",
                hint: "Restore the key file from its backup; a new key cannot read what the old one sealed.")
        }
        self.key = key
        identifier = Array(key.reveal { Digest.sha256($0) }.prefix(8))
    }

    /// Seals; `context` is what the secret belongs to, and the same words are needed to open it.
    package func seal(_ secret: Secret, for context: String) throws(Failure) -> [UInt8] {
        let nonce = try randomBytes(12)
        return try secret.reveal { (plain: [UInt8]) throws(Failure) in
            let (text, tag) = try run(plain, nonce: nonce, context: context, tag: nil)
            return identifier + nonce + text + tag
        }
    }

    /// - Throws: ``Failure``: ``Failure/Code/vaultKeyWrong`` for another key's value, ``Failure/Code/vaultDamaged`` for
    ///   one that was changed, cut or belongs elsewhere.
    package func open(_ sealed: [UInt8], for context: String) throws(Failure) -> Secret {
        guard sealed.count >= 36 else { throw Failure(.vaultDamaged, "a sealed value is cut short (\(context))") }
        guard Array(sealed[0..<8]) == identifier else {
            throw Failure(
                .vaultKeyWrong,
                "a secret was sealed with key \(sealed[0..<8].hexadecimal), the key at hand is \(identifier.hexadecimal)",
                hint: "Start the server with the master key that the store was made with.")
        }
        var (text, _) = try run(
            Array(sealed[20..<(sealed.count - 16)]), nonce: Array(sealed[8..<20]), context: context,
            tag: Array(sealed.suffix(16)))
        defer { cleanse(&text) }
        return Secret(Array(text[...]))
    }

    /// Seals when `tag` is `nil`, else opens.
    private func run(
        _ input: [UInt8], nonce: [UInt8], context: String, tag: [UInt8]?
    ) throws(Failure) -> (text: [UInt8], tag: [UInt8]) {
        let cipher = try Owned(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free, code: .vaultDamaged, "no cipher")
        let c = cipher.pointer
        let direction: CInt = tag == nil ? 1 : 0
        let begun = key.reveal { EVP_CipherInit_ex(c, EVP_aes_256_gcm(), nil, $0, nonce, direction) }
        var count: CInt = 0
        let aad = Array(context.utf8)
        var output = [UInt8](repeating: 0, count: input.count)
        var final: CInt = 0
        guard begun == 1, EVP_CipherUpdate(c, nil, &count, aad, CInt(aad.count)) == 1,
            EVP_CipherUpdate(c, &output, &count, input, CInt(input.count)) == 1
        else { throw openSSLFailure(.vaultDamaged, "AES-256-GCM cannot run") }
        if var tag { EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, &tag) }
        // GCM ends with nothing: the text is as long as the input.
        var end = [UInt8](repeating: 0, count: 16)
        guard EVP_CipherFinal_ex(c, &end, &final) == 1 else {
            cleanse(&output)
            ERR_clear_error()
            throw Failure(
                .vaultDamaged, "a sealed value was changed or belongs elsewhere (\(context))",
                hint: "Restore the store from its last backup.")
        }
        var made = [UInt8](repeating: 0, count: 16)
        if tag == nil { EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, &made) }
        return (output, made)
    }
}

/// Zeroes bytes in a way that no compiler leaves out.
private func cleanse(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}
