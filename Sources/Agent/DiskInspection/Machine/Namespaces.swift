import CDiskAccess
import Glibc

/// The parts that an NVMe drive is divided into; one that is not attached holds data, and nobody sees it.
package enum Namespaces: Hashable, Sendable {
    /// The drive cannot have them made or detached, so that all are attached.
    case fixed
    case listed(attached: Set<UInt32>, allocated: Set<UInt32>)
    /// The errno of the question.
    case refused(Int32)

    init(asking disk: borrowing Disk) {
        var page = [UInt8](repeating: 0, count: 4096)
        func ask(_ question: cdisk_nvme_question) -> Int32 {
            cdisk_nvme_ask(disk.descriptor, Int32(question.rawValue), &page)
        }
        let outcome = ask(CDISK_NVME_CONTROLLER)
        guard outcome == 0 else {
            self = .refused(outcome)
            return
        }
        // Optional Admin Command Support, bit 3: Namespace Management and Attachment.
        guard little(page, 256, 2) & 1 << 3 != 0 else {
            self = .fixed
            return
        }
        var lists: [Set<UInt32>] = []
        for question in [CDISK_NVME_ATTACHED, CDISK_NVME_ALLOCATED] {
            let outcome = ask(question)
            guard outcome == 0 else {
                self = .refused(outcome)
                return
            }
            lists.append(Self.numbers(page))
        }
        self = .listed(attached: lists[0], allocated: lists[1])
    }

    /// Up to the first 0.
    package static func numbers(_ page: [UInt8]) -> Set<UInt32> {
        Set(stride(from: 0, to: page.count, by: 4).lazy.map { UInt32(little(page, $0, 4)) }.prefix { $0 != 0 })
    }

    /// The probe `native-size` of an NVMe drive.
    var answer: ProbeAnswer {
        switch self {
        case .fixed:
            return .absent(Coverage(planned: 0, read: 0, note: "all of the drive is in the parts that it shows"))
        case .refused(let number):
            let why = strerror(number).map { String(cString: $0) } ?? "error \(number)"
            return .indeterminate("the drive cannot be asked for its namespaces: \(why)")
        case .listed(let attached, let allocated):
            let hidden = allocated.subtracting(attached).sorted()
            guard !hidden.isEmpty else {
                return .absent(Coverage(planned: 0, read: 0, note: "all \(attached.count) namespaces are attached"))
            }
            let numbers = hidden.prefix(8).map { "\($0)" }.joined(separator: ", ")
            return .present([
                Evidence(.hiddenArea, .weak, "\(hidden.count) namespaces of the drive are not attached: \(numbers)")
            ])
        }
    }
}
