package import LibXML
package import WSMan

extension AMT {
    /// A key pair in the firmware's store, of which only the public half can be read.
    package enum PublicPrivateKeyPair: WSManClass {
        package typealias Instance = KeyPair
        package static let resource = ResourceClass.amt("PublicPrivateKeyPair")
        package typealias Get = WSMan.Get<PublicPrivateKeyPair>
        package typealias Delete = WSMan.Delete<PublicPrivateKeyPair>

        package static func instance(from element: XMLElement) throws(WSManFault) -> KeyPair {
            let object = try ManagedObject(element, of: resource)
            try object.check(texts: ["InstanceID"])
            let key = try bytes(base64: object.text("DERKey"), "\(resource.name).DERKey")
            guard let form = KeyForm(of: key) else { throw .unreadable("\(resource.name).DERKey is no public key") }
            return KeyPair(id: object.text("InstanceID") ?? "", publicKey: key, form: form)
        }
    }
}

extension AMT.PublicPrivateKeyPair {
    /// A key pair by its name and its public key.
    package struct KeyPair: Hashable, Sendable {
        /// `Intel(r) AMT Key: Handle: 0`.
        package let id: String
        /// DER, in the form that ``form`` tells.
        package let publicKey: [UInt8]
        package let form: KeyForm
    }

    /// How a public key is written.
    ///
    /// Captures of AMT 12 hold PKCS#1, while several clients read the property as SubjectPublicKeyInfo.
    package enum KeyForm: Hashable, Sendable {
        /// PKCS#1 RSAPublicKey: a sequence that begins with the modulus. RFC 8017, appendix A.1.1.
        case rsaPublicKey
        /// SubjectPublicKeyInfo: a sequence that begins with the algorithm's. RFC 5280, section 4.1.
        case subjectPublicKeyInfo

        /// Looks at the first element inside the outer sequence.
        init?(of key: [UInt8]) {
            guard key.count > 4, key[0] == 0x30 else { return nil }
            let lengthBytes = key[1] < 0x80 ? 1 : 1 + Int(key[1] & 0x7F)
            guard lengthBytes <= 5, key.count > 1 + lengthBytes else { return nil }
            switch key[1 + lengthBytes] {
            case 0x02: self = .rsaPublicKey
            case 0x30: self = .subjectPublicKeyInfo
            default: return nil
            }
        }
    }
}

extension Get where Class == AMT.PublicPrivateKeyPair {
    /// Reads the key pair with this `InstanceID`.
    package init(_ id: String) { self.init([Selector("InstanceID", id)]) }
}

extension Delete where Class == AMT.PublicPrivateKeyPair {
    /// Deletes the key pair with this `InstanceID`, its private half included.
    package init(_ id: String) { self.init([Selector("InstanceID", id)]) }
}
