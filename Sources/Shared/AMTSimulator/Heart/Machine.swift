/// The machine that the firmware sits in, as far as the firmware switches it.
package struct Machine: Hashable, Sendable {
    /// CIM's: 2 on, 3 and 4 asleep, 7 hibernated, 8 off.
    package var powerState: UInt32 = 2
    /// CIM_BootService.EnabledState: 2, or from 16 on 32768 and what is switched on beside.
    var bootServiceState: UInt32 = 2
    /// The InstanceID of the chosen CIM_BootSourceSetting.
    var bootSource: String?
    /// 0 the next boot, 1 the next boot alone, 2 every boot, 32768 none; `nil` before anybody said.
    var bootRole: UInt32?
    /// What AMT_BootSettingData holds that is not as after a boot; a boot clears it.
    var bootSettings: [String: String] = [:]
    /// From where it booted last, where that was the firmware's choice.
    package private(set) var bootedFrom: String?

    /// Power comes, or a reset.
    ///
    /// A choice for a single boot is used up by it.
    mutating func boot() {
        powerState = 2
        bootSettings = [:]
        bootedFrom = bootRole.map { $0 <= 2 } == true ? bootSource : nil
        if bootRole == 1 { (bootSource, bootRole) = (nil, nil) }
    }
}
