/// Whether the management engine behind a device node runs its recovery image.
///
/// The first line of `fw_status` is the register HFSTS1 in hexadecimal; its lowest four bits are the working state, 5
/// normal, 2 recovery. Source: `Documentation/ABI/testing/sysfs-class-mei` in Linux, `me_15.h` in coreboot; 94000642 is
/// from a machine in recovery (fwupd, firmware-lenovo issue 623).
func isInRecovery(_ device: String, sysfs: String) -> Bool {
    let name = device.split(separator: "/").last ?? ""
    guard let text = firstLine(ofFile: "\(sysfs)/\(name)/fw_status"), let register = UInt32(text, radix: 16) else {
        return false
    }
    return register & 0xF == 2
}
