package import WSMan

extension AMT {
    /// Whether and how the firmware speaks TLS; two instances, in no certain order.
    ///
    /// Changes take effect at the next CommitChanges.
    package enum TLSSettingData: WSManWritableClass {
        package typealias Instance = Settings
        package static let resource = ResourceClass.amt("TLSSettingData")
        package typealias Get = WSMan.Get<TLSSettingData>
        package typealias Put = WSMan.Put<TLSSettingData>

        /// To which interface settings apply; the text is their `InstanceID`.
        package enum Interface: String, Sendable {
            /// The network, wireless included in spite of the name.
            case remote = "Intel(r) AMT 802.3 TLS Settings"
            /// The host's own way to its firmware.
            case local = "Intel(r) AMT LMS TLS Settings"
        }
    }
}

extension AMT.TLSSettingData {
    /// One instance as it was read.
    ///
    /// Source: `AMT_TLSSettingData.h` of Intel LMS, and captures of AMT 12 to 16.
    package struct Settings: ManagedSettings {
        package private(set) var object: ManagedObject

        package init(_ object: ManagedObject) throws(WSManFault) {
            try object.check(
                flags: ["MutualAuthentication", "AcceptNonSecureConnections", "NonSecureConnectionsSupported"],
                texts: ["InstanceID", "Enabled"])
            try object.check(flags: ["Enabled"])
            self.object = object
        }

        package var instanceID: String { object.text("InstanceID") ?? "" }

        /// The interface, or `nil` for one that is not known here.
        package var interface: Interface? { Interface(rawValue: instanceID) }

        package var enabled: Bool {
            get { object.flag("Enabled") ?? false }
            set { object.set("Enabled", to: "\(newValue)") }
        }

        /// Whether a client must show a certificate.
        package var mutualAuthentication: Bool? {
            get { object.flag("MutualAuthentication") }
            set { object.set("MutualAuthentication", to: newValue.map { "\($0)" }) }
        }

        /// Whether connections without TLS are taken too.
        ///
        /// Leave it alone where ``nonSecureConnectionsSupported`` is `false`.
        package var acceptNonSecureConnections: Bool? {
            get { object.flag("AcceptNonSecureConnections") }
            set { object.set("AcceptNonSecureConnections", to: newValue.map { "\($0)" }) }
        }

        /// The common names that a client's certificate may have; an empty list is left out of the Put.
        package var trustedCommonNames: [String] {
            get { object.texts("TrustedCN") }
            set { object.set("TrustedCN", to: newValue) }
        }

        /// Whether this firmware can do without TLS at all; `nil` before AMT 16.1.
        package var nonSecureConnectionsSupported: Bool? { object.flag("NonSecureConnectionsSupported") }
    }
}

extension Get where Class == AMT.TLSSettingData {
    /// Reads the settings of one interface.
    package init(_ interface: AMT.TLSSettingData.Interface) {
        self.init([Selector("InstanceID", interface.rawValue)])
    }
}

extension Put where Class == AMT.TLSSettingData {
    /// Writes settings back to the interface from which they were read.
    package init(_ settings: AMT.TLSSettingData.Settings) {
        self.init(settings, [Selector("InstanceID", settings.instanceID)])
    }
}
