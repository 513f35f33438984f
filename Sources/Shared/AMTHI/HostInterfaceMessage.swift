package import Vocabulary

/// A request of the host interface (AMTHI, older name PTHI), as bytes on the MEI device.
///
/// All words are little-endian. Layout, 12 bytes and then the payload:
///
///     0  u8   major version   1
///     1  u8   minor version   1
///     2  u16  reserved        0
///     4  u32  command         bits 0-22 operation, bit 23 set in an answer, bits 24-31 class (0x04 configuration)
///     8  u32  length          of all that follows, in bytes
///
/// An answer has the same header, then a status word at 12, then its data at 16; the length counts the status. Where the
/// status is not success the answer ends with it. Source: `samples/mei/mei-amt-version.c` in Linux;
/// `MEIClient/AMTHIClient/Include/AMTHICommand.h` in Intel LMS.
package struct HostInterfaceMessage: Hashable, Sendable {
    package var command: UInt32
    package var payload: [UInt8]

    package init(command: UInt32, payload: [UInt8] = []) {
        self.command = command
        self.payload = payload
    }

    package var bytes: [UInt8] {
        [1, 1, 0, 0] + littleEndian(command) + littleEndian(UInt32(truncatingIfNeeded: payload.count)) + payload
    }
}

/// What the firmware sent back: a status and, where that is success, data.
package struct HostInterfaceAnswer: Hashable, Sendable {
    /// Set in the command word of every answer.
    package static let answerBit: UInt32 = 0x0080_0000

    package let status: PTStatus
    package let data: [UInt8]

    /// Reads one message, whole, as the answer to one command.
    ///
    /// - Throws: ``HostInterfaceFault/answerUnreadable(_:)`` unless version, reserved word, echo of the command and
    ///   length are exactly right; ``HostInterfaceFault/amtDisabled`` for no bytes at all, which is how firmware with AMT
    ///   switched off answers (`samples/mei/mei-amt-version.c`).
    package init(_ message: [UInt8], to command: UInt32) throws(HostInterfaceFault) {
        guard !message.isEmpty else { throw .amtDisabled }
        var reader = ByteReader(message)
        let (major, minor) = (try reader.byte(), try reader.byte())
        guard major == 1, minor >= 1 else {
            throw .answerUnreadable("version \(major).\(minor), expected 1.1")
        }
        let reserved = try reader.word16()
        guard reserved == 0 else { throw .answerUnreadable("reserved word is \(reserved), expected 0") }
        let echo = try reader.word32()
        guard echo == command | Self.answerBit else {
            throw .answerUnreadable("it answers command \(hex(echo)), expected \(hex(command | Self.answerBit))")
        }
        let length = try reader.word32()
        guard length == reader.remaining else {
            throw .answerUnreadable("its header says \(length) bytes follow, \(reader.remaining) do")
        }
        status = PTStatus(rawValue: try reader.word32())
        data = try reader.bytes(reader.remaining)
    }
}

func littleEndian(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
func littleEndian(_ word: UInt16) -> [UInt8] { (0..<2).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }

func hex(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
