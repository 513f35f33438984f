import Foundation

/// The record of how the machine was set up over the network, or from the host by an announced certificate.
enum IPS_TLSProvisioningRecord: FirmwareClass {
    static let name = "IPS_TLSProvisioningRecord"
    static let firstRelease = 6
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        guard let audit = firmware.setUpRecord(.tls) else { return [] }
        return [
            instance(
                audit.properties.merging([
                    "HostInitiated": .boolean(audit.isHostInitiated), "ProvServerIP": .text(audit.serverAddress),
                    "ProvisioningTLSMode": .number(UInt32(audit.mode)),
                ]) { $1 })
        ]
    }
}

/// The record of a set-up from the host in admin control mode.
enum IPS_AdminProvisioningRecord: FirmwareClass {
    static let name = "IPS_AdminProvisioningRecord"
    static let firstRelease = 7
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        firmware.setUpRecord(.admin).map { [instance($0.properties)] } ?? []
    }
}

/// The record of a set-up from the host in client control mode, for which there is no server.
enum IPS_ClientProvisioningRecord: FirmwareClass {
    static let name = "IPS_ClientProvisioningRecord"
    static let firstRelease = 7
    static let declaresCommon = true

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        firmware.setUpRecord(.client).map { [instance($0.common)] } ?? []
    }
}

extension SimulatedFirmware {
    /// The record that the log holds, where it is of that kind.
    fileprivate func setUpRecord(_ kind: SetUpAudit.Kind) -> SetUpAudit? {
        guard provisioningState == .post, let audit = host.setUpAudit, audit.kind ?? .tls == kind else { return nil }
        return audit
    }
}

extension SetUpAudit {
    /// What every record carries; the names are the schema's.
    fileprivate var common: [String: PropertyValue] {
        let moment = Date(timeIntervalSince1970: time).formatted(.iso8601)
        return [
            "CreationTimeStamp": .datetime(moment), "ElementName": .text("Intel(r) AMT: Provisioning Record"),
            "InstanceID": .text("Intel(r) AMT: Provisioning Record 1"),
            "LogInstanceID": .text("Intel(r) AMT: RecordLog 1"),
        ]
    }

    /// And what is known of the server, from its chain.
    fileprivate var properties: [String: PropertyValue] {
        var properties = common
        properties["AdditionalCaSerialNums"] = .boolean(serials.count > 3)
        properties["CaCertificateSerials"] = .list(serials.suffix(3).map { Data($0).base64EncodedString() })
        properties["HashIsOemDefault"] = .boolean(true)
        properties["IsTimeValid"] = .boolean(isTimeValid)
        properties["ProvServerFQDN"] = .text(serverName)
        properties["SecureDNS"] = .boolean(isSecureDNS)
        properties["SelectedHashData"] = .text(Data(hash).base64EncodedString())
        properties["SelectedHashType"] = .number(hashType)
        return properties
    }
}
