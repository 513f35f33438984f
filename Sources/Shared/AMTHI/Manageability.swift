/// What the watchdog client tells of AMT's availability (IsChangeToAMTEnabled, also called state independence).
///
/// Request: command 5, byte count 2, subcommand 0x51, version 0x10. Answer: one byte. Its bits are to be trusted only when
/// bit 7 is set, which firmware does from 16.1 on. Source: `MNGIsChangeToAMTEnabledCommand.h` in Intel LMS.
package struct ManageabilityState: Hashable, Sendable {
    package static let request: [UInt8] = [0x05, 0x02, 0x51, 0x10]

    /// Whether AMT is switched on; `nil` when the firmware does not tell.
    package var isEnabled: Bool?
    /// Whether the firmware's local ports speak TLS alone; `nil` when the firmware does not tell.
    package var demandsTLS: Bool?

    /// - Throws: ``HostInterfaceFault/answerUnreadable(_:)`` unless there is exactly one byte, or four as in the documentation
    ///   of 2012, which tell neither.
    package init(_ answer: [UInt8]) throws(HostInterfaceFault) {
        guard answer.count == 1 || answer.count == 4 else {
            throw .answerUnreadable("a manageability state has 1 byte, not \(answer.count)")
        }
        guard answer.count == 1, answer[0] & 0x80 != 0 else { return }
        isEnabled = answer[0] & 0x02 != 0
        demandsTLS = answer[0] & 0x40 != 0
    }
}
