/// An NTFS volume, or something in it, could not be read; nothing is proved about it.
package struct NTFSFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for a person.
    package var act: String

    init(_ act: String) { self.act = act }

    package static func tooLong(_ path: String, size: UInt64, limit: UInt64) -> NTFSFault {
        NTFSFault("reading \(path), which has \(size) bytes and may have \(limit),")
    }

    package var description: String { "\(act) failed" }
}
