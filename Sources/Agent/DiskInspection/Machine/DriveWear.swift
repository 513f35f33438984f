import CDiskAccess
import Glibc

/// What a drive counts of its own use.
///
/// It tells that the drive was used, and nothing of what is stored.
///
/// No such drive was at hand when this was written: `Documentation/unproven.md`.
package struct DriveWear: Hashable, Sendable {
    /// In bytes, by the host.
    package var written: UInt64?
    package var hours: UInt64?
    package var starts: UInt64?

    package enum Answer: Hashable, Sendable {
        case told(DriveWear)
        /// What was told does not hold together.
        case unreadable
        /// The errno of the question.
        case refused(Int32)
    }

    /// Reads the SMART and health log of NVMe.
    ///
    /// NVM Express Base Specification 2.0, figure 207; little-endian numbers of 128 bits:
    ///
    ///      48  data units written, each 1000 sectors of 512 bytes
    ///     112  power cycles
    ///     128  power-on hours
    package init(nvme log: [UInt8]) {
        // What does not fit 64 bits no drive has lived to see.
        func number(_ offset: Int) -> UInt64? { little(log, offset + 8, 8) == 0 ? little(log, offset, 8) : nil }
        written = number(48).map { $0.multipliedReportingOverflow(by: 512_000) }.map {
            $0.overflow ? .max : $0.partialValue
        }
        (starts, hours) = (number(112), number(128))
    }

    /// Reads the SMART data of ATA.
    ///
    /// 30 attributes of 12 bytes from byte 2 on: number, two of flags, value, worst, six of raw value.
    ///
    /// By usage, not by a standard: 9 power-on hours (some drives keep more in the upper bytes), 12 power cycles, 241 sectors
    /// of 512 bytes written (some count in larger units, and so tell too little).
    ///
    /// - Returns: nil where the bytes' sum is not 0, as ATA8-ACS has it, or none of the three is there.
    package init?(ata data: [UInt8]) {
        guard data.count == 512, data.reduce(0, &+) == 0 else { return nil }
        for place in stride(from: 2, to: 2 + 30 * 12, by: 12) {
            switch data[place] {
            case 9: hours = little(data, place + 5, 4)
            case 12: starts = little(data, place + 5, 4)
            case 241: written = little(data, place + 5, 6) * 512
            default: break
            }
        }
        if written == nil, hours == nil, starts == nil { return nil }
    }

    static func asking(nvme disk: borrowing Disk) -> Answer {
        var page = [UInt8](repeating: 0, count: 4096)
        let outcome = cdisk_nvme_ask(disk.descriptor, Int32(CDISK_NVME_HEALTH.rawValue), &page)
        return outcome == 0 ? .told(DriveWear(nvme: page)) : .refused(outcome)
    }

    static func asking(ata disk: borrowing Disk) -> Answer {
        var data = [UInt8](repeating: 0, count: 512)
        let outcome = cdisk_ata_health(disk.descriptor, &data)
        return outcome == 0 ? DriveWear(ata: data).map { .told($0) } ?? .unreadable : .refused(outcome)
    }

    fileprivate var text: String {
        let parts = [
            written.map { "\($0 / 1_000_000_000) GB were written to it" }, hours.map { "on for \($0) hours" },
            starts.map { "started \($0) times" },
        ]
        return "by the drive's own count: " + parts.compactMap { $0 }.joined(separator: ", ")
    }
}

extension DriveWear.Answer {
    /// The probe `wear`.
    ///
    /// It is shown; only who sets a limit makes it count, and needs a drive that tells.
    func answer(of kind: DriveKind, mostWritten: UInt64?) -> ProbeAnswer {
        switch (self, kind) {
        case (_, .image), (_, .virtual):
            return .absent(Coverage(planned: 0, read: 0, note: "such a device counts nothing"))
        case (.told(let wear), _):
            guard let mostWritten else { return .present([Evidence(.wear, .information, wear.text)]) }
            guard let written = wear.written else {
                return .indeterminate("the drive does not tell how much was written to it")
            }
            let weight: Evidence.Weight = written > mostWritten ? .weak : .information
            return .present([Evidence(.wear, weight, wear.text)])
        case (.unreadable, _): return .indeterminate("the drive's counts cannot be read")
        case (.refused(let number), _):
            let why = strerror(number).map { String(cString: $0) } ?? "error \(number)"
            return .indeterminate("the drive does not tell its counts: \(why)")
        }
    }
}
