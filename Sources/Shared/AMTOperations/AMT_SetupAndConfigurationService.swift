package import LibXML
package import Vocabulary
package import WSMan

extension AMT {
    /// How far the firmware is provisioned, and the methods that end or undo it; one instance.
    ///
    /// Return values: `setupandconfiguration/service.go` in go-wsman-messages, `AMT_SetupAndConfigurationService.h` of
    /// Intel LMS.
    package enum SetupAndConfigurationService: WSManClass {
        package typealias Instance = Service
        package static let resource = ResourceClass.amt("SetupAndConfigurationService")
        package typealias Get = WSMan.Get<SetupAndConfigurationService>

        package static func instance(from element: XMLElement) throws(WSManFault) -> Service {
            try Service(try ManagedObject(element, of: resource))
        }
    }
}

extension AMT.SetupAndConfigurationService {
    /// The service's properties.
    package struct Service: Sendable {
        package let provisioningState: ProvisioningState
        /// 1 admin control mode (formerly "Enterprise"), 4 client control mode; other numbers before AMT 6.
        package let provisioningMode: UInt32?
        /// Whether the firmware takes part in remote configuration.
        package let zeroTouchConfigurationEnabled: Bool?
        /// The DNS suffix that DHCP option 15 gave.
        package let dhcpDNSSuffix: String?
        /// The DNS suffix that was set for provisioning by certificate.
        package let trustedDNSSuffix: String?
        /// The provisioning server that was set by name.
        package let configurationServerFQDN: String?
        /// The one-time password that the host's agent left, 8 to 32 bytes.
        ///
        /// `nil` when the firmware shows none. After provisioning it shows 32 zeros, which are none either.
        package let otp: Secret?

        init(_ object: ManagedObject) throws(WSManFault) {
            try object.check(
                numbers: ["ProvisioningMode"], flags: ["ZeroTouchConfigurationEnabled"], texts: ["ProvisioningState"])
            guard let state = object.number("ProvisioningState") else {
                throw .unreadable("\(resource.name).ProvisioningState is no number")
            }
            provisioningState = ProvisioningState(rawValue: state)
            provisioningMode = object.number("ProvisioningMode")
            zeroTouchConfigurationEnabled = object.flag("ZeroTouchConfigurationEnabled")
            dhcpDNSSuffix = object.text("DhcpDNSSuffix")
            trustedDNSSuffix = object.text("TrustedDNSSuffix")
            configurationServerFQDN = object.text("ConfigurationServerFQDN")
            var otp: Secret?
            if let text = object.text("ProvisioningServerOTP"), !text.isEmpty {
                let bytes = try bytes(base64: text, "\(resource.name).ProvisioningServerOTP")
                if bytes.contains(where: { $0 != 0 }) { otp = Secret(bytes) }
            }
            self.otp = otp
        }
    }

    /// Reads the machine's UUID, which SMBIOS gave to the firmware.
    package struct GetUuid: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("GetUuid")
        package static let refusals = PTStatus.refusals([1])
        package init() {}

        package static func output(from body: XMLElement?) throws(WSManFault) -> MachineID {
            let text = try accepted(body)["UUID"]?.text
            guard let machine = MachineID(smbios: try bytes(base64: text, "\(title): UUID")) else {
                throw .unreadable("\(title): the UUID has not 16 bytes")
            }
            return machine
        }
    }

    /// Ends the setup, or makes pending TLS settings take effect.
    ///
    /// The firmware restarts its network: the answer may be lost although the commit was made.
    package struct CommitChanges: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("CommitChanges")
        package static let refusals = PTStatus.refusals(
            [1, 38, 2057],
            [
                2057: "a setting is missing that must be there before a commit (host name with DHCP, key and "
                    + "certificate with TLS, clock and root with mutual TLS, own MEBx password from AMT 19 on)"
            ])
        package init() {}
    }

    /// Sets how long the firmware stays open for provisioning.
    package struct ExtendProvisioningPeriod: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("ExtendProvisioningPeriod")
        package static let refusals = PTStatus.refusals([1, 32, 36], [36: "the firmware takes 0 to 24 hours"])
        package let hours: UInt32

        /// - Parameter hours: 1 to 24 from now; 0 closes the interface at once.
        package init(hours: UInt32) { self.hours = hours }

        package var input: [XMLElement] { [Self.element("Duration", "\(hours)")] }
    }

    /// Sets the password of the firmware's boot prompt.
    package struct SetMEBxPassword: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("SetMEBxPassword")
        package static let refusals = PTStatus.refusals(
            [1, 16, 2054],
            [
                16: "the firmware's policy forbids it now: it may allow it during setup only, or only while the "
                    + "default is in force, and never in client control mode",
                2054: "the firmware wants 8 to 32 characters with a small and a capital letter, a digit and a sign",
            ])
        package let password: Secret

        package init(_ password: Secret) { self.password = password }

        package var input: [XMLElement] { [Self.element("Password", password.revealedText)] }
    }

    /// Takes the firmware back to setup and keeps the admin account, the names and the provisioning server.
    package struct PartialUnprovision: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("PartialUnprovision")
        package static let refusals = unprovisionRefusals([1, 16, 2076])
        package init() {}
    }

    /// Takes the firmware back to its factory state; only the MEBx password stays.
    package struct Unprovision: WSManOperation {
        package static let resource = AMT.SetupAndConfigurationService.resource
        package static let verb = Verb.invoke("Unprovision")
        package static let refusals = unprovisionRefusals([1, 16, 36, 2076])
        package init() {}

        /// Mode 1, which from AMT 6 on is the only one that matters.
        package var input: [XMLElement] { [Self.element("ProvisioningMode", "1")] }
    }

    private static func unprovisionRefusals(_ words: [UInt32]) -> [UInt32: String] {
        PTStatus.refusals(
            words,
            [
                16: "the account may not, or the host has not finished its power-on self test",
                2076: "the auditor of the audit log has to release this first (before AMT 12)",
            ])
    }
}
