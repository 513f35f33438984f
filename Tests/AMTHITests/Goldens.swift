import AMTHI
import Vocabulary

/// Messages in hexadecimal, a space a field; made from the layouts named at the commands.
enum Golden {
    static let provisioningState = "0101 0000 11000004 00000000"
    static let provisioningStatePost = "0101 0000 11008004 08000000 00000000 02000000"
    static let controlMode = "0101 0000 6b000004 00000000"
    static let controlModeAdmin = "0101 0000 6b008004 08000000 00000000 02000000"
    static let uuid = "0101 0000 5c000004 00000000"
    static let uuidAnswer = "0101 0000 5c008004 14000000 00000000 4b529b93 d413 181d e487 1c697a6b7a2b"
    static let fqdn = "0101 0000 56000004 00000000"
    /// Shared, no dynamic DNS, 1440 minutes, 900 s, host part 3, 15 bytes of name.
    static let fqdnAnswer = """
        0101 0000 56008004 29000000 00000000 01000000 00000000 a0050000 84030000 03000000
        0f00 7063312e6578616d706c652e636f6d
        """
    static let fqdnAnswerEmpty = """
        0101 0000 56008004 1a000000 00000000 01000000 00000000 a0050000 84030000 00000000 0000
        """
    /// `pc1.example.com` and NUL: 16 bytes.
    static let setHostFQDN = "0101 0000 5b000004 12000000 1000 7063312e6578616d706c652e636f6d 00"
    static let setHostFQDNAnswer = "0101 0000 5b008004 04000000 00000000"
    static let suffix = "0101 0000 36000004 00000000"
    static let suffixAnswer = "0101 0000 36008004 11000000 00000000 0b00 6578616d706c652e636f6d"
    static let suffixAnswerEmpty = "0101 0000 36008004 06000000 00000000 0000"
    static let account = "0101 0000 67000004 28000000 " + String(repeating: "00", count: 40)
    /// `$$OsAdmin`, 24 zero bytes; `canary` and 27 zero bytes; 2 of padding.
    static let accountAnswer =
        "0101 0000 67008004 48000000 00000000 24244f7341646d696e" + String(repeating: "00", count: 24)
        + "63616e617279" + String(repeating: "00", count: 27) + "0000"
    static let codeVersions = "0101 0000 1a000004 00000000"
    /// `BIOS` and 61 zero bytes; two entries: AMT 12.0.67, Build Number 1579.
    static let codeVersionsAnswer =
        "0101 0000 1a008004 a1000000 00000000 42494f53" + String(repeating: "00", count: 61) + "02000000"
        + "0300 414d54" + String(repeating: "00", count: 17) + "0700 31322e302e3637"
        + String(repeating: "00", count: 13)
        + "0c00 4275696c64204e756d626572" + String(repeating: "00", count: 8)
        + "0400 31353739" + String(repeating: "00", count: 16)
}

/// The bytes of a golden; a wrong digit is a mistake in this file.
func golden(_ text: String) -> [UInt8] {
    guard let bytes = bytes(hexadecimal: text) else { fatalError("not hexadecimal: \(text)") }
    return bytes
}

/// A channel that plays one answer and keeps what it was sent.
struct Playback: HostInterfaceChannel {
    var answer: [UInt8]
    var sent: [[UInt8]] = []
    var repeatable: [Bool] = []

    mutating func exchange(_ message: [UInt8], repeatable: Bool) throws(HostInterfaceFault) -> [UInt8] {
        sent.append(message)
        self.repeatable.append(repeatable)
        return answer
    }
}
