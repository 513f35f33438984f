import CLibHivex
import Glibc

/// An open hive.
///
/// libhivex in its safe mode looks at every bin and cell first, so a hive that opens and whose lists can be read is whole.
/// It reads from a sealed file in memory: nothing can change under it, and it never sees the disk.
package struct Hive: ~Copyable {
    private let handle: OpaquePointer
    private let root: Int
    /// Whether a key that is not found here is not in the registry; see ``HiveImage/provesAbsence``.
    package let provesAbsence: Bool

    /// - Throws: ``HiveFault``.
    package init(_ image: HiveImage) throws(HiveFault) {
        try image.file.seal()
        // libhivex maps the file and closes its own descriptor.
        guard let handle = hivex_open("/proc/self/fd/\(image.file.descriptor)", 0) else {
            throw .unreadable("the hive", errno)
        }
        let root = hivex_root(handle)
        guard root != 0 else {
            let number = errno
            hivex_close(handle)
            throw .unreadable("the root key", number)
        }
        self.handle = handle
        self.root = root
        provesAbsence = image.provesAbsence
    }

    deinit { hivex_close(handle) }

    /// A place in the hive that was read; of no use in another.
    package struct Key: Hashable, Sendable {
        let number: Int
        package var name: String
    }

    package var rootKey: Key { Key(number: root, name: "") }

    /// The keys right below.
    package func keys(below key: Key) throws(HiveFault) -> [Key] {
        guard let list = hivex_node_children(handle, key.number) else { throw .unreadable("the keys of a key", errno) }
        defer { free(list) }
        var (keys, index): ([Key], Int) = ([], 0)
        while list[index] != 0 {
            keys.append(Key(number: list[index], name: try name(of: list[index])))
            index += 1
        }
        return keys
    }

    private func name(of node: Int) throws(HiveFault) -> String {
        guard let text = hivex_node_name(handle, node) else { throw .unreadable("the name of a key", errno) }
        defer { free(text) }
        // A name may hold a NUL, so that only the length says where it ends.
        return Self.text(text, count: hivex_node_name_len(handle, node))
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>, count: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: pointer, count: count), as: UTF8.self)
    }

    /// The key at the path, `\` between names; nil where there is none.
    package func key(_ path: String) throws(HiveFault) -> Key? {
        var key = rootKey
        for name in path.split(separator: "\\") {
            guard let next = try keys(below: key).first(where: { isSame($0.name, name) }) else { return nil }
            key = next
        }
        return key
    }

    /// When the key was last written, in seconds since 1970.
    package func time(of key: Key) -> Int? {
        let time = hivex_node_timestamp(handle, key.number)
        return time < 0 ? nil : seconds(fileTime: UInt64(time))
    }

    /// The values of a key; that of no name is its default.
    package func values(of key: Key) throws(HiveFault) -> [HiveValue] {
        guard let list = hivex_node_values(handle, key.number) else { throw .unreadable("the values of a key", errno) }
        defer { free(list) }
        var (values, index): ([HiveValue], Int) = ([], 0)
        while list[index] != 0 {
            values.append(try value(list[index]))
            index += 1
        }
        return values
    }

    private func value(_ number: Int) throws(HiveFault) -> HiveValue {
        guard let name = hivex_value_key(handle, number) else { throw .unreadable("the name of a value", errno) }
        defer { free(name) }
        var (kind, count): (hive_type, Int) = (hive_type(rawValue: 0), 0)
        guard let data = hivex_value_value(handle, number, &kind, &count) else { throw .unreadable("a value", errno) }
        defer { free(data) }
        return HiveValue(
            name: Self.text(name, count: hivex_value_key_len(handle, number)), kind: kind.rawValue,
            bytes: Array(UnsafeRawBufferPointer(start: data, count: count)))
    }
}

/// One value of a key.
package struct HiveValue: Hashable, Sendable {
    package var name: String
    /// As it is declared: 1 text, 2 text with variables, 3 bytes, 4 a word, 7 texts.
    ///
    /// The SAM keeps other numbers in it.
    package var kind: UInt32
    package var bytes: [UInt8]

    /// Up to the first NUL, whatever kind it is declared as.
    package var text: String { utf16(bytes) }

    /// Nil where it is not of four bytes.
    package var number: UInt32? { bytes.count == 4 ? word(bytes, 0) : nil }
}

extension Hive {
    /// The values at a path; none where there is no such key.
    package func values(at path: String) throws(HiveFault) -> [HiveValue] {
        guard let key = try key(path) else { return [] }
        return try values(of: key)
    }

    /// The names of the keys right below a path; none where there is no such key.
    package func names(below path: String) throws(HiveFault) -> [String] {
        guard let key = try key(path) else { return [] }
        return try keys(below: key).map(\.name)
    }
}

extension [HiveValue] {
    package subscript(_ name: String) -> HiveValue? { first { isSame($0.name, name) } }
}

/// Names are the same whatever their case; the wanted ones are all ASCII.
func isSame(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
    func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    return one.utf8.lazy.map(lowered).elementsEqual(other.utf8.lazy.map(lowered))
}
