import CDiskAccess
import Glibc

/// Whether a drive shows all that it holds, as far as it can be asked.
///
/// No drive with such a lock was at hand when this was written: `Documentation/unproven.md`.
package struct DriveState: Hashable, Sendable {
    package enum Opal: Hashable, Sendable {
        case flags(UInt32)
        /// The errno of the question.
        case refused(Int32)
    }
    package var opal: Opal
    /// 512 bytes, little-endian words; nil where the drive is not ATA, or does not tell.
    package var identity: [UInt8]?
    /// Of an NVMe drive; elsewhere nobody asks.
    package var namespaces = Namespaces.refused(ENOTTY)
    package var wear = DriveWear.Answer.refused(ENOTTY)

    package init(opal: Opal, identity: [UInt8]?) {
        self.opal = opal
        self.identity = identity
    }

    package init(asking disk: borrowing Disk, _ device: BlockDevice) {
        var flags: UInt32 = 0
        let outcome = cdisk_opal_status(disk.descriptor, &flags)
        opal = outcome == 0 ? .flags(flags) : .refused(outcome)
        var bytes = [UInt8](repeating: 0, count: 512)
        identity = cdisk_ata_identity(disk.descriptor, &bytes) == 0 ? bytes : nil
        switch DriveKind(device) {
        case .nvme:
            namespaces = Namespaces(asking: disk)
            wear = DriveWear.asking(nvme: disk)
        case .ata: wear = DriveWear.asking(ata: disk)
        case .image, .virtual, .other: break
        }
    }

    /// Probes `lock`, `native-size` and `wear`.
    ///
    /// - Parameters:
    ///   - device: The drive.
    ///   - mostWritten: In bytes; a drive that wrote more was in use, for who wants that to count.
    /// - Returns: One for each of them.
    package func answers(for device: BlockDevice, mostWritten: UInt64? = nil) -> [ProbeID: ProbeAnswer] {
        let kind = DriveKind(device)
        var answers: [ProbeID: ProbeAnswer] = [.wear: wear.answer(of: kind, mostWritten: mostWritten)]
        switch kind {
        case .image, .virtual:
            let none = ProbeAnswer.absent(Coverage(planned: 0, read: 0, note: "such a device has none"))
            (answers[.lock], answers[.nativeSize]) = (none, none)
        case .nvme: (answers[.lock], answers[.nativeSize]) = (opalAnswer, namespaces.answer)
        case .ata: (answers[.lock], answers[.nativeSize]) = (worse(opalAnswer, passwordAnswer), sizeAnswer)
        case .other:
            let unasked = ProbeAnswer.indeterminate("this kind of drive cannot be asked")
            (answers[.lock], answers[.nativeSize]) = (unasked, unasked)
            if case .present = opalAnswer { answers[.lock] = opalAnswer }
        }
        return answers
    }

    /// The kernel's word for an operation that is not supported, which is not one of C's (`linux/errno.h`).
    private static let notSupportedInKernel: Int32 = 524

    /// Flags of `linux/sed-opal.h`: 1 supported, 4 locking enabled, 8 locked, 16 shadow MBR enabled, 32 shadow MBR done.
    private var opalAnswer: ProbeAnswer {
        switch opal {
        case .flags(let flags):
            if flags & 8 != 0 {
                return .present([Evidence(.selfEncryption, .blocking, "the drive's own encryption is locked (Opal)")])
            }
            if flags & 16 != 0, flags & 32 == 0 {
                return .present([Evidence(.selfEncryption, .blocking, "the drive shows a shadow of its content (Opal)")]
                )
            }
            if flags & 4 != 0 {
                return .present([Evidence(.selfEncryption, .strong, "the drive's own encryption is set up (Opal)")])
            }
            return .absent(Coverage(planned: 0, read: 0, note: "Opal is not set up"))
        case .refused(EOPNOTSUPP), .refused(Self.notSupportedInKernel):
            return .absent(Coverage(planned: 0, read: 0, note: "the drive has no Opal"))
        case .refused(let number):
            let why = strerror(number).map { String(cString: $0) } ?? "error \(number)"
            return .indeterminate("the drive cannot be asked for Opal: \(why)")
        }
    }

    /// ATA8-ACS, IDENTIFY DEVICE, word 128: bit 1 security enabled, bit 2 locked.
    private var passwordAnswer: ProbeAnswer {
        guard let identity else { return .indeterminate("the drive does not tell of its password") }
        guard little(identity, 256, 2) & 0b110 != 0 else {
            return .absent(Coverage(planned: 0, read: 0, note: "no password is set"))
        }
        return .present([Evidence(.passwordLock, .blocking, "the drive has a password (ATA security)")])
    }

    /// Three ways to hide a part: the host protected area (word 82, bit 10), the device configuration overlay (word 83, bit 11),
    /// and their successor in ACS-3, the accessible maximum address (word 119, bit 8).
    ///
    /// Words 83 and 119 are valid when their bits 15 and 14 are 01.
    private var sizeAnswer: ProbeAnswer {
        guard let identity, little(identity, 166, 2) >> 14 == 0b01 else {
            return .indeterminate("the drive does not tell whether it keeps a part of itself hidden")
        }
        let successor = little(identity, 238, 2)
        guard little(identity, 164, 2) & 1 << 10 == 0, little(identity, 166, 2) & 1 << 11 == 0,
            successor >> 14 != 0b01 || successor & 1 << 8 == 0
        else {
            return .indeterminate(
                "the drive may keep a part of itself hidden (host protected area, overlay, or its like)")
        }
        return .absent(Coverage(planned: 0, read: 0, note: "the drive cannot hide a part of itself"))
    }

    private func worse(_ one: ProbeAnswer, _ other: ProbeAnswer) -> ProbeAnswer {
        switch (one, other) {
        case (.present(let first), .present(let second)): .present(first + second)
        case (.present, _): one
        case (_, .present): other
        case (.indeterminate, _): one
        default: other
        }
    }
}
