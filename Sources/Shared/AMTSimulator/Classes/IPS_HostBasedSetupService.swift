import Crypto
import CryptoExtras
import Foundation
import LibXML
import SwiftASN1
import X509

/// Set-up begun on the machine itself: client control mode by a password, admin control mode by a chain and a signature.
///
/// The numbers are this class's own: 0 done, 1 internal, 2 state, 3 parameter, 4 disabled, 5 not authenticated; those of
/// AddNextCertInChain 1 parameter, 3 state, 4 not verified, 5 too long. Source: network reference 3.7.
enum IPS_HostBasedSetupService: FirmwareClass {
    static let name = "IPS_HostBasedSetupService"
    static let declaresCommon = true
    static let firstRelease = 7
    static let takesHostAccount = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties = serviceProperties(name, "Intel(r) AMT Host Based Setup Service")
        properties["EnabledState"] = nil
        properties["RequestedState"] = nil
        properties["AllowedControlModes"] = .list(firmware.hostSetUp.isClientModeOff ? ["2"] : ["2", "1"])
        properties["CertChainStatus"] = .number(firmware.hostSetUp.chainStatus)
        properties["ConfigurationNonce"] = .text(Data(firmware.configurationNonce).base64EncodedString())
        properties["CurrentControlMode"] = .number(firmware.controlMode)
        return [instance(properties)]
    }

    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        switch method {
        case "Setup":
            guard !firmware.hostSetUp.isClientModeOff else { return .status(4) }
            guard firmware.controlMode == 0 else { return .status(2) }
            guard let password = password(input) else { return .status(3) }
            firmware.enter(controlMode: 1, password: password)
            return .status(0)
        case "AddNextCertInChain":
            guard let der = Data(base64Encoded: input["NextCertificate"]?.text ?? ""),
                let isLeaf = truth(input["IsLeafCertificate"]?.text),
                let isRoot = truth(input["IsRootCertificate"]?.text)
            else { return .status(1) }
            return .status(firmware.addToChain(Array(der), isLeaf: isLeaf, isRoot: isRoot))
        case "AdminSetup":
            guard firmware.personality.hasAdminSetup else { return .status(4) }
            guard firmware.controlMode == 0 else { return .status(2) }
            guard let password = password(input) else { return .status(3) }
            return .status(enterAdminMode(&firmware, input, password))
        case "UpgradeClientToAdmin":
            guard firmware.controlMode == 1 else { return .status(2) }
            return .status(enterAdminMode(&firmware, input, nil))
        case "DisableClientControlMode":
            firmware.hostSetUp.isClientModeOff = true
            return .status(0)
        default: throw .actionNotSupported
        }
    }

    /// The MD5 that the network's administrator gets: hex here, where AMT_AuthorizationService takes base64.
    private static func password(_ input: XMLElement) -> [UInt8]? {
        guard input["NetAdminPassEncryptionType"]?.text == "2", let text = input["NetworkAdminPassword"]?.text,
            text.utf8.count == 32
        else { return nil }
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == 32 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Ends in admin control mode if the chain is whole and its leaf signed both nonces, by RSA and SHA-256.
    private static func enterAdminMode(
        _ firmware: inout SimulatedFirmware, _ input: XMLElement, _ password: [UInt8]?
    ) -> UInt32 {
        guard firmware.hostSetUp.chainStatus == 2, let leaf = firmware.hostSetUp.chain.first,
            let certificate = try? Certificate(derEncoded: leaf),
            let key = _RSA.Signing.PublicKey(certificate.publicKey)
        else { return 2 }
        guard let nonce = Data(base64Encoded: input["McNonce"]?.text ?? ""), nonce.count == 20,
            input["SigningAlgorithm"]?.text == "2",
            let signature = Data(base64Encoded: input["DigitalSignature"]?.text ?? "")
        else { return 3 }
        let signed = Data(firmware.configurationNonce) + nonce
        guard
            key.isValidSignature(
                .init(rawRepresentation: signature), for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
        else { return 5 }
        firmware.enter(controlMode: 2, password: password)
        return 0
    }
}

extension SimulatedFirmware {
    /// What a set-up from the host has collected.
    struct HostSetUp: Hashable, Sendable {
        /// DER, leaf first.
        var chain: [[UInt8]] = []
        /// 0 not begun, 1 begun, 2 whole.
        var chainStatus: UInt32 = 0
        var isClientModeOff = false
    }

    /// Takes the next certificate of a chain, leaf first, and checks the whole once its root is there.
    ///
    /// A refused one ends the chain, which is inferred: clients begin anew.
    mutating func addToChain(_ der: [UInt8], isLeaf: Bool, isRoot: Bool) -> UInt32 {
        guard (try? Certificate(derEncoded: der)) != nil else { return 1 }
        guard hostSetUp.chainStatus != 2, isLeaf == hostSetUp.chain.isEmpty else { return 3 }
        guard hostSetUp.chain.count < 4 else { return endChain(5) }
        hostSetUp.chain.append(der)
        hostSetUp.chainStatus = 1
        if isRoot {
            guard refusal(of: hostSetUp.chain) == nil else { return endChain(4) }
            hostSetUp.chainStatus = 2
        }
        return 0
    }

    private mutating func endChain(_ status: UInt32) -> UInt32 {
        hostSetUp.chain = []
        hostSetUp.chainStatus = 0
        return status
    }

    /// Ends set-up from the host; the session goes with it.
    mutating func enter(controlMode mode: UInt32, password: [UInt8]?) {
        if let password { accounts.adminA1 = password }
        controlMode = mode
        provisioningState = .post
        var audit = mode == 2 ? pendingAudit ?? SetUpAudit() : SetUpAudit()
        (audit.kind, audit.isHostInitiated, audit.time) = (mode == 2 ? .admin : .client, true, clock)
        (host.setUpAudit, pendingAudit) = (audit, nil)
        _ = endChain(0)
        configurationNonce = random.bytes(20)
        commits += 1
    }
}
