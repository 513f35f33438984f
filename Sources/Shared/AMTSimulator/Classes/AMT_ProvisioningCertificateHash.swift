import Foundation
import LibXML

/// The table of roots that set-up trusts, one instance a hash; what is not enabled counts for nothing.
///
/// Its properties are those of the maker's schema; the form of InstanceID is chosen after the maker's own software.
enum AMT_ProvisioningCertificateHash: FirmwareClass {
    static let name = "AMT_ProvisioningCertificateHash"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        firmware.trustedRoots.enumerated().map { place, hash in
            instance([
                "Description": .text(firmware.rootName(place)),
                "ElementName": .text("Intel(r) AMT: Provisioning Certificate Hash"),
                "Enabled": .boolean(!firmware.disabledRoots.contains(hash)),
                "HashData": .text(Data(hash).base64EncodedString()),
                "HashType": .number(UInt32(Personality.RootHash(length: hash.count).rawValue)),
                "InstanceID": .text("Certificate Hash \(place + 1)"), "IsDefault": .boolean(true),
            ])
        }
    }

    /// Switches one hash on or off; nothing else of it can be written.
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        let wanted = request.selectors["InstanceID"]?.text ?? body["InstanceID"]?.text
        guard let place = instances(firmware).firstIndex(where: { $0.text("InstanceID") == wanted }) else {
            throw .destinationUnreachable
        }
        guard let enabled = truth(body["Enabled"]?.text) else { throw .invalidRepresentation }
        let hash = firmware.trustedRoots[place]
        if enabled { firmware.disabledRoots.remove(hash) } else { firmware.disabledRoots.insert(hash) }
    }
}

extension SimulatedFirmware {
    /// The hashes that set-up goes by.
    var activeRoots: [[UInt8]] { trustedRoots.filter { !disabledRoots.contains($0) } }

    /// A root's name, or its number where it has none.
    func rootName(_ place: Int) -> String {
        place < host.rootNames.count ? host.rootNames[place] : "Simulated Root CA \(place + 1)"
    }
}

extension Personality.RootHash {
    init(length: Int) { self = length == 20 ? .sha1 : length == 48 ? .sha384 : .sha256 }
}
