package import LibXML
import Vocabulary
package import WSMan

extension AMT.GeneralSettings {
    /// Lets the firmware prove, by a key of the processor's own, that it is what it says; from AMT 15 on.
    ///
    /// The host's local system account may ask too. Source: network reference 5.1, two captured answers of 15.0.10.
    package struct Authenticate: WSManOperation {
        package static let resource = AMT.GeneralSettings.resource
        package static let verb = Verb.invoke("AMTAuthenticate")
        package static let refusals = PTStatus.refusals([1, 16, 36], [:])
        package static let nonceLength = 20

        /// 20 bytes that nobody has used before.
        package let nonce: [UInt8]

        package init(nonce: [UInt8]) { self.nonce = nonce }

        package var input: [XMLElement] { [Self.element("MC_Nonce", base64(nonce))] }

        /// Also takes an answer without `SignatureMechanism`, as the captured ones are: it is 0 then.
        package static func output(from body: XMLElement?) throws(WSManFault) -> Authentication {
            let output = try accepted(body)
            func text(_ name: String) throws(WSManFault) -> String {
                guard let text = output[name]?.text else { throw .unreadable("\(title): \(name) is missing") }
                return text
            }
            func number(_ name: String) throws(WSManFault) -> UInt32 {
                guard let number = UInt32(try text(name)) else { throw .unreadable("\(title): \(name) is no number") }
                return number
            }
            let certificates = try bytes(base64: output["Certificates"]?.text, "\(title): Certificates")
            return Authentication(
                nonce: try bytes(base64: output["Nonce"]?.text, "\(title): Nonce"), uuid: try text("UUID"),
                fqdn: try text("FQDN"), firmwareVersion: try text("FWVersion"), securityVersion: try number("AMTSVN"),
                mechanism: output["SignatureMechanism"] == nil ? 0 : try number("SignatureMechanism"),
                signature: try bytes(base64: output["Signature"]?.text, "\(title): Signature"),
                certificates: try cut(certificates, output.children.filter { $0.name == "LengthOfCertificates" }))
        }

        /// The certificates, which come one behind the other, by their lengths.
        private static func cut(_ all: [UInt8], _ lengths: [XMLElement]) throws(WSManFault) -> [[UInt8]] {
            var (rest, found): (ArraySlice<UInt8>, [[UInt8]]) = (all[...], [])
            for element in lengths {
                guard let length = Int(element.text), length > 0, length <= rest.count else {
                    throw .unreadable("\(title): LengthOfCertificates does not fit Certificates")
                }
                found.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            guard rest.isEmpty, !found.isEmpty else {
                throw .unreadable("\(title): LengthOfCertificates does not fit Certificates")
            }
            return found
        }
    }

    /// What the firmware says of itself, and its signature.
    package struct Authentication: Hashable, Sendable {
        /// The firmware's own 20 bytes.
        package var nonce: [UInt8]
        /// 32 hexadecimal digits, the bytes in the order of SMBIOS.
        package var uuid: String
        /// The firmware's own name; empty where it has none.
        package var fqdn: String
        package var firmwareVersion: String
        /// The security version number of the firmware.
        package var securityVersion: UInt32
        /// 0 is ECDSA on P-384 with SHA-384.
        package var mechanism: UInt32
        package var signature: [UInt8]
        /// DER: the leaf, whose key has signed, then the on-die authorities above it, without Intel's own.
        package var certificates: [[UInt8]]

        package init(
            nonce: [UInt8], uuid: String, fqdn: String, firmwareVersion: String, securityVersion: UInt32,
            mechanism: UInt32, signature: [UInt8], certificates: [[UInt8]]
        ) {
            self.nonce = nonce
            self.uuid = uuid
            self.fqdn = fqdn
            self.firmwareVersion = firmwareVersion
            self.securityVersion = securityVersion
            self.mechanism = mechanism
            self.signature = signature
            self.certificates = certificates
        }
    }
}
