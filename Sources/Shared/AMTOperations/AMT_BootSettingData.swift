package import WSMan

extension AMT {
    /// What else the next boot does; one instance.
    package enum BootSettingData: WSManWritableClass {
        package typealias Instance = Settings
        package static let resource = ResourceClass.amt("BootSettingData")
        package typealias Get = WSMan.Get<BootSettingData>
        package typealias Put = WSMan.Put<BootSettingData>
    }
}

extension AMT.BootSettingData {
    /// The instance as it was read.
    package struct Settings: ManagedSettings {
        package private(set) var object: ManagedObject

        package init(_ object: ManagedObject) throws(WSManFault) {
            try object.check(numbers: Self.numbers, flags: Self.flags)
            self.object = object
        }

        /// Options that would go before a boot from the network, or be done to the machine with it.
        private static let flags = [
            "BIOSPause", "BIOSSetup", "ConfigurationDataReset", "ForcedProgressEvents", "LockKeyboard",
            "LockPowerButton", "LockResetButton", "LockSleepButton", "PlatformErase", "ReflashBIOS", "SecureErase",
            "UseIDER", "UseSOL", "UseSafeMode", "UserPasswordBypass",
        ]
        private static let numbers = ["BootMediaIndex", "FirmwareVerbosity", "IDERBootDevice"]

        /// Whether a boot from the network is all that would happen.
        package var isPlain: Bool {
            Self.flags.allSatisfy { object.flag($0) != true } && Self.numbers.allSatisfy { object.number($0) ?? 0 == 0 }
        }

        /// Takes every option back; what this firmware does not have is not added.
        ///
        /// Source: network reference 7.2; an index other than 0 is refused with a boot from the network.
        package mutating func makePlain() {
            for name in Self.flags where object[name] != nil { object.set(name, to: "false") }
            for name in Self.numbers where object[name] != nil { object.set(name, to: "0") }
        }
    }
}
