import Glibc

/// Whether a list of machines that somebody keeps names this one: the probe `inventory`.
///
/// Any text will do, such as the CSV that Active Directory, ConfigMgr, Intune or a CMDB exports, in UTF-8 or UTF-16: each field,
/// and each word of it, is compared with what ``MachineMarks`` has, whatever its case and its hyphens, colons or braces.
///
/// - Parameters:
///   - path: The file.
///   - marks: Of this machine.
///   - forbids: Whether a machine that is known counts as a prior installation; else it is shown.
/// - Returns: Absent only where there was something to compare with something.
package func inventoryAnswer(_ path: String, marks: MachineMarks, forbids: Bool) -> ProbeAnswer {
    guard !marks.kinds.isEmpty else {
        return .indeterminate("this machine tells no UUID, serial number or address to look for in \(path)")
    }
    var search = InventorySearch(marks)
    do throws(DiskFault) { try search.read(path) } catch { return .indeterminate("\(path) \(error)") }
    guard search.fields > 0 else { return .indeterminate("\(path) holds nothing to compare") }
    guard !search.hits.isEmpty else {
        return .absent(
            Coverage(planned: 0, read: 0, note: "none of the \(search.fields) fields of \(path) is of this machine"))
    }
    let how = search.hits.prefix(4).map { "\($0.kind) in line \($0.line)" }.joined(separator: ", ")
    return .present([
        Evidence(.inventory, forbids ? .blocking : .information, "\(path) knows this machine: \(how)")
    ])
}

/// Goes through a text once, whatever its length.
private struct InventorySearch {
    private let kinds: [[UInt8]: String]
    private var field: [UInt8] = [], word: [UInt8] = []
    private var line = 1
    /// Those that were compared.
    private(set) var fields = 0
    private(set) var hits: [(kind: String, line: Int)] = []

    /// In bytes; nothing that names a machine is longer.
    private static let longest = 256

    init(_ marks: MachineMarks) { kinds = Dictionary(uniqueKeysWithValues: marks.kinds.map { (Array($0.utf8), $1) }) }

    mutating func read(_ path: String) throws(DiskFault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw DiskFault(.opening, errno) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var (encoding, half, place): (Encoding?, UInt8?, UInt64) = (nil, nil, 0)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DiskFault(.reading(place), errno) }
            guard count > 0 else { break }
            let kind = encoding ?? Encoding(buffer[..<count])
            encoding = kind
            for byte in buffer[..<count] {
                guard kind != .bytes else {
                    // No text has it: a spreadsheet's own format, or a database.
                    guard byte != 0 else { throw DiskFault(.reading(place), EILSEQ) }
                    take(byte)
                    place += 1
                    continue
                }
                place += 1
                guard let first = half else {
                    half = byte
                    continue
                }
                half = nil
                let (high, low) = kind == .littleUnits ? (byte, first) : (first, byte)
                // What is not ASCII is in no number that a machine has.
                take(high == 0 ? low : 0x80)
            }
        }
        endField()
    }

    private enum Encoding {
        case bytes, littleUnits, bigUnits

        init(_ head: ArraySlice<UInt8>) {
            self =
                head.starts(with: [0xFF, 0xFE]) ? .littleUnits : head.starts(with: [0xFE, 0xFF]) ? .bigUnits : .bytes
        }
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case 0x0A:
            endField()
            line += 1
        case 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "\""), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "="):
            endField()
        case 0x20: endWord()
        default:
            guard let byte = comparable(byte) else { return }
            if word.count < Self.longest { word.append(byte) }
            if field.count < Self.longest { field.append(byte) }
        }
    }

    private mutating func endWord() {
        if word.count < field.count { compare(word) }
        word.removeAll(keepingCapacity: true)
    }

    private mutating func endField() {
        guard !field.isEmpty else { return }
        endWord()
        compare(field)
        fields += 1
        field.removeAll(keepingCapacity: true)
    }

    private mutating func compare(_ bytes: [UInt8]) {
        // More are more than a person reads.
        guard hits.count < 16, let kind = kinds[bytes] else { return }
        hits.append((kind, line))
    }
}
