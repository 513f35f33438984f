/// A key of a registry hive that is to be made, with what is below it.
///
/// No tool of Debian's makes a hive from nothing. What this writes is read by libhivex in its safe mode, which looks at every
/// cell first; the format is msuhanov/regf's.
final class HiveKey {
    let name: String
    /// FILETIME.
    var time: UInt64 = 0x01DA_0000_0000_0000
    private(set) var keys: [HiveKey] = []
    private var values: [(name: String, kind: UInt32, bytes: [UInt8])] = []

    init(_ name: String = "ROOT") { self.name = name }

    /// The key at the path, made where it is not there.
    subscript(_ path: String) -> HiveKey {
        path.split(separator: "\\").reduce(self) { key, name in
            if let found = key.keys.first(where: { $0.name == name }) { return found }
            let new = HiveKey(String(name))
            key.keys.append(new)
            return new
        }
    }

    /// Makes the key at the path.
    func add(_ path: String) { _ = self[path] }

    func set(_ name: String, _ text: String) { set(name, kind: 1, text.utf16.flatMap { halves($0) } + [0, 0]) }
    func set(_ name: String, _ number: UInt32) { set(name, kind: 4, word(number)) }
    func set(_ name: String, kind: UInt32, _ bytes: [UInt8]) {
        values.removeAll { $0.name == name }
        values.append((name, kind, bytes))
    }

    /// The hive whose root this is.
    ///
    /// - Parameter isDirty: Whether a write seems to have begun that did not end.
    /// - Returns: The file's bytes.
    func hive(isDirty: Bool = false) -> [UInt8] {
        var cells = Cells()
        let root = cells.add(self, parent: .max)
        let bins = cells.bins
        var header = Array("regf".utf8) + word(isDirty ? 8 : 7) + word(7) + [UInt8](repeating: 0, count: 8)
        header += word(1) + word(5) + word(0) + word(1) + word(root) + word(UInt32(bins.count)) + word(1)
        header += [UInt8](repeating: 0, count: 508 - header.count)
        var sum: [UInt8] = [0, 0, 0, 0]
        for index in 0..<508 { sum[index % 4] ^= header[index] }
        return header + sum + [UInt8](repeating: 0, count: 4096 - 512) + bins
    }

    private struct Cells {
        private var bytes: [UInt8] = []

        /// One bin; the rest of its last page is a free cell.
        var bins: [UInt8] {
            let size = (32 + bytes.count + 8 + 4095) / 4096 * 4096
            let rest = size - 32 - bytes.count
            let head = Array("hbin".utf8) + word(0) + word(UInt32(size)) + [UInt8](repeating: 0, count: 20)
            return head + bytes + word(UInt32(rest)) + [UInt8](repeating: 0, count: rest - 4)
        }

        /// - Returns: The offset from the start of the bins.
        private mutating func add(_ content: [UInt8]) -> UInt32 {
            let offset = UInt32(32 + bytes.count)
            let size = (4 + content.count + 7) / 8 * 8
            bytes += word(UInt32(bitPattern: -Int32(size))) + content
            bytes += [UInt8](repeating: 0, count: size - 4 - content.count)
            return offset
        }

        mutating func add(_ key: HiveKey, parent: UInt32) -> UInt32 {
            // A key's own place is needed by those below it, so that it is written twice.
            let own = add(record(key, parent, keys: .max, values: .max))
            let below = key.keys.sorted { $0.name.uppercased() < $1.name.uppercased() }.map { add($0, parent: own) }
            let list = below.isEmpty ? .max : add(Array("li".utf8) + halves(UInt16(below.count)) + below.flatMap(word))
            let values = key.values.map { add($0.name, $0.kind, $0.bytes) }
            let valueList = values.isEmpty ? .max : add(values.flatMap(word))
            let final = record(key, parent, keys: list, values: valueList)
            bytes.replaceSubrange(Int(own) - 28..<Int(own) - 28 + final.count, with: final)
            return own
        }

        private mutating func add(_ name: String, _ kind: UInt32, _ data: [UInt8]) -> UInt32 {
            var place = data + [UInt8](repeating: 0, count: max(4 - data.count, 0))
            if data.count > 4 { place = word(add(data)) }
            let size = UInt32(data.count) | (data.count > 4 ? 0 : 1 << 31)
            return add(
                Array("vk".utf8) + halves(UInt16(name.utf8.count)) + word(size) + place + word(kind)
                    + halves(name.isEmpty ? 0 : 1) + [0, 0] + Array(name.utf8))
        }

        private func record(_ key: HiveKey, _ parent: UInt32, keys: UInt32, values: UInt32) -> [UInt8] {
            let time = word(UInt32(truncatingIfNeeded: key.time)) + word(UInt32(key.time >> 32))
            var bytes = Array("nk".utf8) + halves(parent == .max ? 0x2C : 0x20) + time + word(0) + word(parent)
            bytes += word(UInt32(key.keys.count)) + word(0) + word(keys) + word(.max)
            bytes += word(UInt32(key.values.count)) + word(values) + word(.max) + word(.max)
            bytes += [UInt8](repeating: 0, count: 20) + halves(UInt16(key.name.utf8.count)) + [0, 0]
            return bytes + Array(key.name.utf8)
        }
    }
}

private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
private func halves(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
