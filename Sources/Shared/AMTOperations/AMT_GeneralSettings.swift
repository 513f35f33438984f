package import WSMan

extension AMT {
    /// Names, DNS updates and network switches of the firmware; one instance.
    ///
    /// A Get, a change and a Put of the whole object is the only way to change one of them.
    package enum GeneralSettings: WSManWritableClass {
        package typealias Instance = Settings
        package static let resource = ResourceClass.amt("GeneralSettings")
        package typealias Get = WSMan.Get<GeneralSettings>
        package typealias Put = WSMan.Put<GeneralSettings>
    }
}

extension AMT.GeneralSettings {
    /// The instance as it was read.
    ///
    /// A property that is `nil` is one that this firmware does not have. Setting one to `nil` leaves it out of the Put.
    /// Source: `AMT_GeneralSettings.h` of Intel LMS, and captures of AMT 12 to 16.
    package struct Settings: ManagedSettings {
        package private(set) var object: ManagedObject

        package init(_ object: ManagedObject) throws(WSManFault) {
            try object.check(
                numbers: ["DDNSPeriodicUpdateInterval", "DDNSTTL", "AMTNetworkEnabled", "IdleWakeTimeout"],
                flags: [
                    "SharedFQDN", "DDNSUpdateEnabled", "DDNSUpdateByDHCPServerEnabled", "PingResponseEnabled",
                    "RmcpPingResponseEnabled", "NetworkInterfaceEnabled", "WsmanOnlyMode",
                ],
                texts: ["DigestRealm"])
            self.object = object
        }

        /// The firmware's host name, at most 63 characters; empty when it has none.
        package var hostName: String {
            get { object.text("HostName") ?? "" }
            set { object.set("HostName", to: newValue) }
        }

        /// The firmware's domain, at most 255 characters; empty when it has none.
        package var domainName: String {
            get { object.text("DomainName") ?? "" }
            set { object.set("DomainName", to: newValue) }
        }

        /// The full name of the host's operating system, as someone told the firmware; empty when nobody has.
        package var hostOSFQDN: String {
            get { object.text("HostOSFQDN") ?? "" }
            set { object.set("HostOSFQDN", to: newValue) }
        }

        /// Whether firmware and operating system answer to one name.
        package var sharedFQDN: Bool? {
            get { object.flag("SharedFQDN") }
            set { object.set("SharedFQDN", to: newValue.map { "\($0)" }) }
        }

        /// Whether the firmware registers its name in DNS by itself.
        package var ddnsUpdateEnabled: Bool? {
            get { object.flag("DDNSUpdateEnabled") }
            set { object.set("DDNSUpdateEnabled", to: newValue.map { "\($0)" }) }
        }

        /// Whether the DHCP server is asked to register the name, when the firmware does not do it by itself.
        package var ddnsUpdateByDHCPServerEnabled: Bool? {
            get { object.flag("DDNSUpdateByDHCPServerEnabled") }
            set { object.set("DDNSUpdateByDHCPServerEnabled", to: newValue.map { "\($0)" }) }
        }

        /// Minutes between two registrations in DNS: 0, or 20 and more.
        package var ddnsPeriodicUpdateInterval: UInt32? {
            get { object.number("DDNSPeriodicUpdateInterval") }
            set { object.set("DDNSPeriodicUpdateInterval", to: newValue.map { "\($0)" }) }
        }

        /// How long a registration in DNS may be kept, in seconds.
        package var ddnsTTL: UInt32? {
            get { object.number("DDNSTTL") }
            set { object.set("DDNSTTL", to: newValue.map { "\($0)" }) }
        }

        /// Whether the firmware answers ICMP echo requests.
        package var pingResponseEnabled: Bool? {
            get { object.flag("PingResponseEnabled") }
            set { object.set("PingResponseEnabled", to: newValue.map { "\($0)" }) }
        }

        /// Whether the firmware answers presence pings on port 623 of UDP.
        package var rmcpPingResponseEnabled: Bool? {
            get { object.flag("RmcpPingResponseEnabled") }
            set { object.set("RmcpPingResponseEnabled", to: newValue.map { "\($0)" }) }
        }

        /// The realm of HTTP digest: `Digest:` and 32 hexadecimal digits, fixed until the firmware is unprovisioned.
        package var digestRealm: String { object.text("DigestRealm") ?? "" }

        /// Whether the firmware's network interface is on.
        package var networkInterfaceEnabled: Bool? { object.flag("NetworkInterfaceEnabled") }
    }
}
