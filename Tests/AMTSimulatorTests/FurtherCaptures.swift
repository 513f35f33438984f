import CryptoExtras
import Foundation
import TestKit
import X509

@testable import AMTSimulator

/// Boot settings, redirection, Kerberos, abstract classes, and set-up from the host.
let furtherCaptures: [Capture] = {
    let redirection = "AMT_RedirectionService"
    let setUp = "IPS_HostBasedSetupService"
    return reads("amt/boot/capabilities", "AMT_BootCapabilities") + reads("amt/boot/settingdata", "AMT_BootSettingData")
        + reads("amt/redirectionservice", redirection) + reads("amt/kerberos", "AMT_KerberosSettingData")
        + reads("cim/power/capabilities", "CIM_PowerManagementCapabilities")
        + reads("ips/provisioningrecordlog", "IPS_ProvisioningRecordLog")
        + pulls("cim/service/availabletoelement", "CIM_ServiceAvailableToElement")
        + pulls("cim/system/packaging", "CIM_SystemPackaging") + [
            Capture("amt/redirectionservice/put.xml") { device in
                try device.put(
                    redirection, "<h:EnabledState>32771</h:EnabledState><h:ListenerEnabled>true</h:ListenerEnabled>")
            },
            Capture("amt/redirectionservice/requeststatechange.xml") { device in
                try device.invoke(redirection, "RequestStateChange", "<h:RequestedState>32771</h:RequestedState>").reply
            },
            Capture("amt/kerberos/getcredentialcachestate.xml") { device in
                try device.invoke("AMT_KerberosSettingData", "GetCredentialCacheState").reply
            },
            Capture("ips/hostbasedsetup/setup.xml", hasEditedAction: true) { device in
                device = Device()
                return try device.invoke(setUp, "Setup", hostPassword).reply
            },
            Capture("ips/hostbasedsetup/addnextcertinchain.xml", hasEditedAction: true) { device in
                try addHostChain(&device, last: false)
            },
            Capture("ips/hostbasedsetup/adminsetup.xml", hasEditedAction: true) { device in
                device = Device()
                _ = try addHostChain(&device, last: true)
                return try device.invoke(setUp, "AdminSetup", hostPassword + sign(device)).reply
            },
            Capture("ips/hostbasedsetup/upgradeclienttoadmin.xml", hasEditedAction: true) { device in
                device = Device()
                try device.invoke(setUp, "Setup", hostPassword)
                _ = try addHostChain(&device, last: true)
                return try device.invoke(setUp, "UpgradeClientToAdmin", sign(device)).reply
            },
        ]
}()

private func pulls(_ folder: String, _ type: String) -> [Capture] {
    let free: Set<String> = ["EnumerationContext", "PlatformGUID"]
    return [
        Capture("\(folder)/enumerate.xml", free: free) { try $0.enumerate(type) },
        Capture("\(folder)/pull.xml", free: free) { try $0.pull(type) },
    ]
}

private func reads(_ folder: String, _ type: String) -> [Capture] {
    pulls(folder, type) + [Capture("\(folder)/get.xml") { try $0.get(type) }]
}

private let hostPassword =
    "<h:NetAdminPassEncryptionType>2</h:NetAdminPassEncryptionType><h:NetworkAdminPassword>"
    + md5("admin:x:y").hexadecimal + "</h:NetworkAdminPassword>"

private let hostKey: RSAKey? = try? RSAKey(keySize: .bits2048)

/// Sends a leaf, and with `last` the root that signed it; the answer to the last.
private func addHostChain(_ device: inout Device, last: Bool) throws -> Device.Reply {
    guard let key = hostKey else { throw Missing("a key pair") }
    let root = try Authority()
    device.firmware.trustedRoots = [try root.hash()]
    func add(_ der: [UInt8], _ isRoot: Bool) throws -> Device.Reply {
        try device.invoke(
            "IPS_HostBasedSetupService", "AddNextCertInChain",
            "<h:NextCertificate>\(Data(der).base64EncodedString())</h:NextCertificate><h:IsLeafCertificate>"
                + "\(!isRoot)</h:IsLeafCertificate><h:IsRootCertificate>\(isRoot)</h:IsRootCertificate>"
        ).reply
    }
    let reply = try add(try root.certificate(of: .init(key.publicKey)), false)
    return last ? try add(try root.der(), true) : reply
}

private func sign(_ device: Device) throws -> String {
    guard let key = hostKey else { throw Missing("a key pair") }
    let nonce = Data(repeating: 7, count: 20)
    let signature = try key.signature(
        for: Data(device.firmware.configurationNonce) + nonce, padding: .insecurePKCS1v1_5)
    return "<h:McNonce>\(nonce.base64EncodedString())</h:McNonce><h:SigningAlgorithm>2</h:SigningAlgorithm>"
        + "<h:DigitalSignature>\(signature.rawRepresentation.base64EncodedString())</h:DigitalSignature>"
}
