import Foundation
import TestKit

@testable import AMTSimulator

/// Every capture that the simulator is held to.
let captures: [Capture] =
    accountCaptures + nameCaptures + storeCaptures + serviceCaptures + tlsCaptures + identityCaptures + powerCaptures
    + furtherCaptures

/// Captures of classes that the simulator answers which are not compared, and why.
let exempt: [String: String] = {
    let twelve = "a client's JSON of AMTAuthenticate, which came with AMT 15; compared in AuthenticateTests"
    return [
        "amt/publickey/certificate/put.xml": "nothing says what a Put of a certificate changes",
        "amt/publickey/management/delete.xml": "a service deletes nothing of itself: header edited by hand",
        "amt/setupandconfiguration/getuuid.xml": "a request's envelope, made by hand (network reference 10.2)",
        "amt/setupandconfiguration/getuuid-bad.xml": "made by hand, for a client's error path",
        "amt/boot/settingdata/put.xml": "a request's envelope, made by hand",
        "meshcommander/amtauth_1.json": twelve, "meshcommander/amtauth_2.json": twelve,
        "raw-http/rps_wsmanGenSettingsChunk02.http": "one chunk of four, compared whole as bytes in FramingTests",
        "rps/AMTMessages.ts/001_AMT_GeneralSettings_GetResponse.xml":
            "the same four chunks with source text between them; compared as bytes in FramingTests",
        "rps/HttpHandler.test.ts/001_CIM_ComputerSystem_noaction.xml":
            "its middle is cut out, and what is left is of CIM_AssociatedPowerManagementService",
        "rps/common.tls.test.ts/001_none_GetResponse.xml": "a stub of a test, not a capture",
    ]
}()

private let random: Set<String> = ["EnumerationContext"]

/// Enumerate, Get and Pull, which every singleton has.
private func singleton(
    _ folder: String, _ type: String, free: Set<String> = [], foreign: Set<String> = [], selectors: String = "",
    _ prepare: @escaping @Sendable (inout Device) throws -> Void = { _ in }
) -> [Capture] {
    [
        Capture("\(folder)/enumerate.xml", free: random) { try $0.enumerate(type) },
        Capture("\(folder)/get.xml", free: free, foreign: foreign) { device in
            try prepare(&device)
            return try device.get(type, selectors)
        },
        Capture("\(folder)/pull.xml", free: free, foreign: foreign) { device in
            try prepare(&device)
            return try device.pull(type)
        },
    ]
}

private func method(
    _ path: String, _ type: String, _ method: String, _ input: String = "", free: Set<String> = [],
    hasEditedAction: Bool = false, _ prepare: @escaping @Sendable (inout Device) throws -> Void = { _ in }
) -> Capture {
    Capture(path, free: free, hasEditedAction: hasEditedAction) { device in
        try prepare(&device)
        return try device.invoke(type, method, input).reply
    }
}

// MARK: the classes

/// The two local entries of the captured device, of which `$$uns` is one.
private func systemEntries(_ device: inout Device) {
    device.firmware.accounts.entries = ["$$uns", "$$eac"].enumerated().map { place, name in
        .init(handle: UInt32(place + 1), name: name, sid: nil, a1: [], access: 0, realms: [16])
    }
}

private let accountCaptures: [Capture] = {
    let type = "AMT_AuthorizationService"
    let a1 = Data(md5("admin:x:y")).base64EncodedString()
    return singleton("amt/authorization", type) + [
        method(
            "amt/authorization/enumerateuseraclentries.xml", type, "EnumerateUserAclEntries",
            "<h:StartIndex>1</h:StartIndex>", systemEntries),
        method(
            "amt/authorization/getuseraclentryex.xml", type, "GetUserAclEntryEx", "<h:Handle>1</h:Handle>",
            systemEntries),
        method(
            "amt/authorization/getaclenabledstate.xml", type, "GetAclEnabledState", "<h:Handle>1</h:Handle>",
            systemEntries),
        method(
            "amt/authorization/setaclenabledstate.xml", type, "SetAclEnabledState",
            "<h:Handle>1</h:Handle><h:Enabled>true</h:Enabled>", systemEntries),
        method("amt/authorization/getadminaclentry.xml", type, "GetAdminAclEntry"),
        method("amt/authorization/getadminaclentrystatus.xml", type, "GetAdminAclEntryStatus"),
        method("amt/authorization/getadminnetaclentrystatus.xml", type, "GetAdminNetAclEntryStatus"),
        method(
            "amt/authorization/removeuseraclentry.xml", type, "RemoveUserAclEntry", "<h:Handle>2</h:Handle>"
        ) { device in
            device.firmware.accounts.entries = [
                .init(handle: 2, name: "someone", sid: nil, a1: [], access: 2, realms: [3])
            ]
        },
        method(
            "amt/authorization/setadminaclentryex.xml", type, "SetAdminAclEntryEx",
            "<h:Username>admin</h:Username><h:DigestPassword>\(a1)</h:DigestPassword>"),
    ]
}()

private let nameCaptures: [Capture] = {
    let newer: Set<String> = ["DHCPSyncRequiresHostname", "ThunderboltDockEnabled"]
    let nameless: @Sendable (inout Device) -> Void = { $0.firmware.names = .init() }
    let wired = selector("InstanceID", "Intel(r) AMT Ethernet Port Settings 0")
    let network: Set<String> = ["DefaultGateway", "MACAddress", "PrimaryDNS"]
    return [
        Capture("amt/general/enumerate.xml", free: random) { try $0.enumerate("AMT_GeneralSettings") },
        Capture("amt/general/get.xml", foreign: newer) { device in
            device.firmware.digestRealm = "Digest:F3EB554784E729164447A89F60B641C5"
            device.firmware.names.hostName = "Test Host Name"
            device.firmware.names.domainName = "Test Domain Name"
            device.firmware.names.hostOSFQDN = "Test Host OS FQDN"
            return try device.get("AMT_GeneralSettings")
        },
        Capture("amt/general/pull.xml", free: ["DigestRealm", "IdleWakeTimeout"]) { device in
            nameless(&device)
            return try device.pull("AMT_GeneralSettings")
        },
        Capture("amt/ethernetport/put.xml", free: network.union(["IPAddress"]), foreign: ["SecondaryDNS"]) { device in
            device = try Device.provisioned(.amt16)
            let policy = [1, 14, 16].map { "<h:LinkPolicy>\($0)</h:LinkPolicy>" }.joined()
            let settings = "<h:DHCPEnabled>true</h:DHCPEnabled>\(policy)<h:SharedStaticIp>true</h:SharedStaticIp>"
            return try device.put("AMT_EthernetPortSettings", settings, wired)
        },
    ]
        + singleton(
            "amt/ethernetport", "AMT_EthernetPortSettings", free: network,
            // AMT 15 tells the kind of connection; one captured network had two name servers; IPAddress was taken out.
            foreign: ["PhysicalConnectionType", "SecondaryDNS", "IPAddress"], selectors: wired)
}()

private let serviceCaptures: [Capture] = {
    let setUp = "AMT_SetupAndConfigurationService"
    let time = "AMT_TimeSynchronizationService"
    return singleton("amt/setupandconfiguration", setUp) + singleton("amt/timesynchronization", time) + [
        method("amt/setupandconfiguration/commitchanges.xml", setUp, "CommitChanges", hasEditedAction: true),
        method("amt/setupandconfiguration/partialunprovision.xml", setUp, "PartialUnprovision"),
        method(
            "amt/setupandconfiguration/unprovision.xml", setUp, "Unprovision",
            "<h:ProvisioningMode>1</h:ProvisioningMode>", hasEditedAction: true),
        method(
            "amt/setupandconfiguration/setmebxpassword.xml", setUp, "SetMEBxPassword",
            "<h:Password>P@ssw0rd</h:Password>"),
        method("amt/timesynchronization/getlowaccuracytimesynch.xml", time, "GetLowAccuracyTimeSynch") {
            $0.firmware.now = 1_704_586_865
        },
        method(
            "amt/timesynchronization/sethighaccuracytimesynch.xml", time, "SetHighAccuracyTimeSynch",
            "<h:Ta0>1644240911</h:Ta0><h:Tm1>1644240943</h:Tm1><h:Tm2>1644240943</h:Tm2>"),
    ]
}()

private let identityCaptures: [Capture] = {
    let package = Capture("raw-http/mps_cimComputerPackageResponse.http", free: ["PlatformGUID"]) {
        try $0.get("CIM_ComputerSystemPackage")
    }
    return singleton("cim/computer/systempackage", "CIM_ComputerSystemPackage") + [package]
        + singleton("cim/software/identity", "CIM_SoftwareIdentity", selectors: selector("InstanceID", "AMTApps"))
        + singleton("ips/hostbasedsetup", "IPS_HostBasedSetupService", free: ["ConfigurationNonce"])
}()

private let powerCaptures: [Capture] = {
    let config = "CIM_BootConfigSetting"
    let setting = reference(config, "InstanceID", "Intel(r) AMT: Boot Configuration 0")
    let source = reference("CIM_BootSourceSetting", "InstanceID", "Intel(r) AMT: Force PXE Boot")
    return singleton("cim/associatedpower/managementservice", "CIM_AssociatedPowerManagementService")
        + singleton("cim/power/managementservice", "CIM_PowerManagementService")
        + singleton("cim/boot/configsetting", config) + singleton("cim/boot/service", "CIM_BootService")
        + singleton(
            "cim/boot/sourcesetting", "CIM_BootSourceSetting",
            selectors: selector("InstanceID", "Intel(r) AMT: Force Hard-drive Boot")) + [
            method(
                "cim/boot/configsetting/changebootorder.xml", config, "ChangeBootOrder",
                "<h:Source>\(source)</h:Source>"),
            method(
                "cim/boot/service/requeststatechange.xml", "CIM_BootService", "RequestStateChange",
                "<h:RequestedState>32769</h:RequestedState>"
            ) { $0.firmware.personality = .amt16 },
            method(
                "cim/boot/service/setbootconfigrole.xml", "CIM_BootService", "SetBootConfigRole",
                "<h:BootConfigSetting>\(setting)</h:BootConfigSetting><h:Role>1</h:Role>", hasEditedAction: true),
            method(
                "cim/power/managementservice/requestpowerstatechange.xml", "CIM_PowerManagementService",
                "RequestPowerStateChange", "<h:PowerState>8</h:PowerState>"),
        ]
}()
