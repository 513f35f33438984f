import LibXML

/// One class that the firmware answers for: one file in this folder and one line in ``firmwareClasses``.
///
/// A method's number is the `ReturnValue`; what is thrown becomes a fault.
protocol FirmwareClass: Sendable {
    static var name: String { get }
    /// Whether answers with an instance declare the namespace of CIM's dates, used or not.
    ///
    /// So in every capture of a class that descends from CIM_ManagedSystemElement or CIM_Credential.
    static var declaresCommon: Bool { get }
    /// The class of its instances: of an abstract class, the one that descends from it.
    static var instanceClass: String { get }
    /// Whether the last instance comes with a context, and the end with the pull after it.
    static var endsLate: Bool { get }
    /// The first release that has the class.
    static var firstRelease: Int { get }
    /// Whether the host's own account may call its methods.
    static var takesHostAccount: Bool { get }
    static func instances(_ firmware: SimulatedFirmware) -> [Instance]
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault)
    static func create(_ firmware: inout SimulatedFirmware, _ body: XMLElement) throws(WSFault) -> Instance
    static func delete(_ firmware: inout SimulatedFirmware, _ instance: Instance) throws(WSFault)
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer
}

extension FirmwareClass {
    static var declaresCommon: Bool { false }
    static var instanceClass: String { name }
    static var endsLate: Bool { false }
    static var firstRelease: Int { 0 }
    static var takesHostAccount: Bool { false }
    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        throw .actionNotSupported
    }
    static func create(_ firmware: inout SimulatedFirmware, _ body: XMLElement) throws(WSFault) -> Instance {
        throw .actionNotSupported
    }
    static func delete(_ firmware: inout SimulatedFirmware, _ instance: Instance) throws(WSFault) {
        throw .actionNotSupported
    }
    static func invoke(
        _ firmware: inout SimulatedFirmware, _ method: String, _ input: XMLElement, by user: String?
    ) throws(WSFault) -> MethodAnswer {
        throw .actionNotSupported
    }
    static func instance(_ properties: [String: PropertyValue]) -> Instance {
        Instance(className: name, properties: properties)
    }
}

let firmwareClasses: [any FirmwareClass.Type] = [
    AMT_AuthorizationService.self,
    AMT_BootCapabilities.self,
    AMT_BootSettingData.self,
    AMT_EthernetPortSettings.self,
    AMT_GeneralSettings.self,
    AMT_KerberosSettingData.self,
    AMT_ProvisioningCertificateHash.self,
    AMT_PublicKeyCertificate.self,
    AMT_PublicKeyManagementService.self,
    AMT_PublicPrivateKeyPair.self,
    AMT_RedirectionService.self,
    AMT_SetupAndConfigurationService.self,
    AMT_TLSCredentialContext.self,
    AMT_TLSProtocolEndpointCollection.self,
    AMT_TLSSettingData.self,
    AMT_TimeSynchronizationService.self,
    CIM_AssociatedPowerManagementService.self,
    CIM_BootConfigSetting.self,
    CIM_BootService.self,
    CIM_BootSourceSetting.self,
    CIM_Chassis.self,
    CIM_ComputerSystem.self,
    CIM_ComputerSystemPackage.self,
    CIM_PowerManagementCapabilities.self,
    CIM_PowerManagementService.self,
    CIM_ServiceAvailableToElement.self,
    CIM_SoftwareIdentity.self,
    CIM_SystemPackaging.self,
    IPS_AdminProvisioningRecord.self,
    IPS_ClientProvisioningRecord.self,
    IPS_HostBasedSetupService.self,
    IPS_ProvisioningRecordLog.self,
    IPS_TLSProvisioningRecord.self,
]

/// The properties that every service of AMT carries.
func serviceProperties(_ className: String, _ name: String) -> [String: PropertyValue] {
    [
        "CreationClassName": .text(className), "ElementName": .text(name), "EnabledState": .text("5"),
        "Name": .text(name), "RequestedState": .text("12"), "SystemCreationClassName": .text("CIM_ComputerSystem"),
        "SystemName": .text("Intel(r) AMT"),
    ]
}

func truth(_ text: String?) -> Bool? {
    switch text?.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
}
