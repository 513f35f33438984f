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

    package init(opal: Opal, identity: [UInt8]?) {
        self.opal = opal
        self.identity = identity
    }

    package init(asking disk: borrowing Disk) {
        var flags: UInt32 = 0
        let outcome = cdisk_opal_status(disk.descriptor, &flags)
        opal = outcome == 0 ? .flags(flags) : .refused(outcome)
        var bytes = [UInt8](repeating: 0, count: 512)
        identity = cdisk_ata_identity(disk.descriptor, &bytes) == 0 ? bytes : nil
    }

    /// Probes `lock` and `native-size`.
    package func answers(for device: BlockDevice) -> [ProbeID: ProbeAnswer] {
        switch Kind(device) {
        case .image, .virtual:
            let none = ProbeAnswer.absent(Coverage(planned: 0, read: 0, note: "such a device has none"))
            return [.lock: none, .nativeSize: none]
        case .nvme:
            let whole = ProbeAnswer.absent(Coverage(planned: 0, read: 0, note: "NVMe has no host protected area"))
            return [.lock: opalAnswer, .nativeSize: whole]
        case .ata: return [.lock: worse(opalAnswer, passwordAnswer), .nativeSize: sizeAnswer]
        case .other:
            let why = "this kind of drive cannot be asked"
            if case .present = opalAnswer { return [.lock: opalAnswer, .nativeSize: .indeterminate(why)] }
            return [.lock: .indeterminate(why), .nativeSize: .indeterminate(why)]
        }
    }

    private enum Kind {
        case image, virtual, nvme, ata, other

        init(_ device: BlockDevice) {
            guard let name = device.kernelName else {
                self = device.isUntold ? .other : .image
                return
            }
            let place = device.place.split(separator: "/")
            if ["vd", "xvd", "loop", "pmem"].contains(where: name.hasPrefix) {
                self = .virtual
            } else if name.hasPrefix("nvme") {
                self = .nvme
            } else if name.hasPrefix("sd"), place.contains(where: { $0.hasPrefix("ata") }) {
                self = .ata
            } else {
                self = .other
            }
        }
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

    /// Word 83 is valid when its bits 15 and 14 are 01; word 82 bit 10 is the host protected area feature set.
    private var sizeAnswer: ProbeAnswer {
        guard let identity, little(identity, 166, 2) >> 14 == 0b01, little(identity, 164, 2) & 1 << 10 == 0 else {
            return .indeterminate("the drive may keep a part of itself hidden (host protected area)")
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
