package import Vocabulary

/// Why the firmware did not answer through the host interface, or not with what was asked.
package enum HostInterfaceFault: Error, Hashable, Sendable {
    /// There is no such device node.
    case noManagementEngine(device: String)
    /// The management engine is there and has no host interface client (`ENOTTY`).
    case noHostInterface(device: String)
    /// The management engine runs its recovery image: no host interface until its firmware is repaired.
    case recoveryMode(device: String)
    /// The answer was empty, as it is from firmware whose AMT is switched off.
    case amtDisabled
    case forbidden(device: String)
    /// Others held the client during all tries.
    case busy(device: String, tries: Int)
    /// The device went away: the management engine reset, or its driver was unloaded.
    case vanished(during: String)
    /// No answer in time.
    case silent(seconds: Double)
    /// A system call failed in a way that has no meaning of its own here.
    case device(errno: CInt, during: String)
    /// The answer is not one to the command.
    case answerUnreadable(String)
    /// The firmware's own no.
    case refused(command: String, status: PTStatus)
}

extension Failure {
    /// What a fault of the host interface means to the person at the machine.
    package init(_ fault: HostInterfaceFault) {
        switch fault {
        case .noManagementEngine(let device):
            self.init(
                .noManagementEngine, "there is no \(device): no Intel management engine is visible to this system",
                hint: "On a machine that has one, load its driver (modprobe mei_me) and try again.", remedy: .giveUp)
        case .noHostInterface(let device):
            self.init(
                .noHostInterface, "the management engine at \(device) offers no AMT host interface",
                hint: "The machine has no AMT, or AMT is switched off in the firmware's setup (MEBx).", remedy: .giveUp)
        case .recoveryMode(let device):
            self.init(
                .firmwareInRecovery, "the management engine at \(device) is in recovery mode and offers no AMT",
                hint: "Its firmware image is damaged: install the board vendor's firmware update, then power-cycle.")
        case .amtDisabled:
            self.init(
                .amtDisabled, "the firmware answered with nothing, as it does when AMT is switched off",
                hint: "Switch AMT on in the firmware's setup (MEBx) if this machine shall be managed.", remedy: .giveUp)
        case .forbidden(let device):
            self.init(
                .deviceForbidden, "permission to open \(device) was denied",
                hint: "Run as root, or as a member of the group 'mei' where the udev rule gives it the device.")
        case .busy(let device, let tries):
            self.init(
                .deviceBusy, "the host interface at \(device) was in use by another program during \(tries) tries",
                hint: "Another management program (lms, rpc) holds it: try again, or stop that program.", remedy: .wait)
        case .vanished(let during):
            self.init(
                .deviceVanished, "the device went away during \(during)",
                hint: "The management engine was reset; it is usually back within a minute. Try again.", remedy: .wait)
        case .silent(let seconds):
            self.init(
                .deviceSilent, "the firmware did not answer within \(seconds) s",
                hint: "Try again; if it stays silent, disconnect the machine from power for a minute.", remedy: .wait)
        case .device(let errno, let during):
            self.init(
                .deviceFailed, "\(during) failed with error \(errno) of the operating system",
                hint: "See the kernel log (dmesg | grep mei).")
        case .answerUnreadable(let what):
            self.init(
                .deviceAnswerUnreadable, "the firmware's answer cannot be read: \(what)",
                hint: "Nothing was changed. Try again; if it stays so, report it with the firmware's version.")
        case .refused(let command, let status):
            self.init(.deviceRefused, "the firmware refused \(command): \(status)", hint: Self.hint(for: status))
        }
    }

    private static func hint(for status: PTStatus) -> String? {
        switch status {
        case .invalidCommand, .unsupported: "This firmware is too old for it (AMT 6.0 knows names, 7.0 control modes)."
        case .notReady: "The firmware is still starting: try again in a minute."
        default: nil
        }
    }
}

extension HostInterfaceFault: CustomStringConvertible {
    package var description: String { Failure(self).message }
}
