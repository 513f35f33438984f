/// An ext volume, or something in it, could not be read; nothing is proved about it.
package struct ExtFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for a person.
    package var act: String

    init(_ act: String) { self.act = act }

    package var description: String { "\(act) failed" }
}
