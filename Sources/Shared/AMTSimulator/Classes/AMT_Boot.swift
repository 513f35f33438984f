import LibXML

enum AMT_BootCapabilities: FirmwareClass {
    static let name = "AMT_BootCapabilities"

    private static let able: Set<String> = [
        "BIOSReflash", "BIOSSecureBoot", "BIOSSetup", "ForceCDorDVDBoot", "ForceHardDriveBoot", "ForcePXEBoot",
        "ForcedProgressEvents", "IDER", "KeyboardLock", "SOL", "UserPasswordBypass",
    ]
    private static let unable: Set<String> = [
        "BIOSPause", "ConfigurationDataReset", "ForceDiagnosticBoot", "ForceHardDriveSafeModeBoot", "PowerButtonLock",
        "ResetButtonLock", "SecureErase", "SleepButtonLock", "VerbosityQuiet", "VerbosityScreenBlank",
        "VerbosityVerbose",
    ]

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties: [String: PropertyValue] = [
            "ElementName": .text("Intel(r) AMT: Boot Capabilities"),
            "InstanceID": .text("Intel(r) AMT:BootCapabilities 0"),
        ]
        for name in able { properties[name] = .boolean(true) }
        for name in unable { properties[name] = .boolean(false) }
        return [instance(properties)]
    }
}

/// What a boot that the firmware asks for does besides choosing its source.
enum AMT_BootSettingData: FirmwareClass {
    static let name = "AMT_BootSettingData"

    /// The values that Put may change, as they are after a boot.
    ///
    /// Those that it may not are answered as captured.
    static let cleared: [String: String] = {
        let off = [
            "BIOSPause", "BIOSSetup", "ConfigurationDataReset", "EnforceSecureBoot", "ForcedProgressEvents",
            "LockKeyboard", "LockPowerButton", "LockResetButton", "LockSleepButton", "PlatformErase", "ReflashBIOS",
            "SecureErase", "UseIDER", "UseSOL", "UseSafeMode", "UserPasswordBypass",
        ]
        let zero = ["BootMediaIndex", "FirmwareVerbosity", "IDERBootDevice", "UefiBootNumberOfParams"]
        return Dictionary(uniqueKeysWithValues: off.map { ($0, "false") } + zero.map { ($0, "0") })
    }()

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        var properties: [String: PropertyValue] = [
            "BIOSLastStatus": .list(["2", "0"]), "BootguardStatus": .text("127"),
            "ElementName": .text("Intel(r) AMT Boot Configuration Settings"),
            "InstanceID": .text("Intel(r) AMT:BootSettingData 0"),
            "OptionsCleared": .boolean(firmware.machine.bootSettings.isEmpty),
            "OwningEntity": .text("Intel(r) AMT"), "RPEEnabled": .text("true"),
            // Written and never read back.
            "RSEPassword": .text(""), "SecureBootControlEnabled": .text("true"),
            "UEFIHTTPSBootEnabled": .text("true"), "UEFILocalPBABootEnabled": .text("true"),
            "WinREBootEnabled": .text("true"),
        ]
        for (name, value) in cleared { properties[name] = .text(firmware.machine.bootSettings[name] ?? value) }
        return [instance(properties)]
    }

    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        var settings: [String: String] = [:]
        for property in body.children {
            guard let usual = cleared[property.name] else { continue }
            let isBoolean = truth(usual) != nil && UInt32(usual) == nil
            guard isBoolean ? truth(property.text) != nil : UInt32(property.text) != nil else {
                throw .invalidRepresentation
            }
            let value = isBoolean ? (truth(property.text) == true ? "true" : "false") : property.text
            if value != usual { settings[property.name] = value }
        }
        firmware.machine.bootSettings = settings
    }
}
