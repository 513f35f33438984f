import Glibc

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

/// The first line of a small file without the white space around it; `nil` when the file cannot be read as text.
func firstLine(ofFile path: String) -> String? {
    guard let text = smallFile(path) else { return nil }
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(trimmed)
}

/// A text file of at most 4096 bytes; what is longer is cut.
func smallFile(_ path: String) -> String? {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(file.number, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(validating: buffer.prefix(count), as: UTF8.self)
}

func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
}
