/// A hive could not be read, so nothing about its contents is proved.
package enum HiveFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file does not begin as a hive does.
    case notAHive
    /// It is larger than is read into memory.
    case tooLarge(Int)
    /// The file is shorter than its header says.
    case truncated
    /// The header is damaged and no log gives another.
    case headerDamaged
    /// libhivex refused it, or a part of it; the errno.
    case unreadable(String, Int32)
    /// Its file cannot be read.
    case sourceUnreadable(String)
    /// The system refused memory for it; the errno.
    case noMemory(Int32)

    package var description: String {
        switch self {
        case .notAHive: "not a registry hive"
        case .tooLarge(let size): "\(size) bytes are more than a hive may have here"
        case .truncated: "the hive is shorter than its header says"
        case .headerDamaged: "the hive's header is damaged and no log gives another"
        case .unreadable(let what, let number): "\(what) cannot be read (error \(number))"
        case .sourceUnreadable(let why): why
        case .noMemory(let number): "no memory for the hive (error \(number))"
        }
    }
}
