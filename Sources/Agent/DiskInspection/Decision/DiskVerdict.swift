/// How dangerous it would be to write over a disk, or over a whole machine.
///
/// The order is that of danger. A machine's verdict is the greatest of its parts, so evidence only raises it.
package enum DiskVerdict: Int, Comparable, CaseIterable, Sendable {
    /// Proved: nothing readable is stored.
    case blank
    /// Proved: a vendor's image that was never set up, and nothing else.
    case factory
    /// Not proved either way.
    case unknown
    /// There is evidence of an installation or of data.
    case prior

    package static func < (one: DiskVerdict, other: DiskVerdict) -> Bool { one.rawValue < other.rawValue }

    package var word: String {
        switch self {
        case .blank: "blank"
        case .factory: "factory"
        case .unknown: "unknown"
        case .prior: "prior"
        }
    }

    /// What `inspect` ends with; `Documentation/agent.md` has the table.
    package var exitStatus: Int32 {
        switch self {
        case .blank: 0
        case .prior: 20
        case .unknown: 21
        case .factory: 22
        }
    }
}
