import AgentTestKit
import DiskInspection
import Foundation
import Testing

/// Made by the layout of UEFI 2.10, sections 3.1.3 and 10.3.5.1; no capture of a real variable was at hand.
@Suite("Boot entries")
struct BootEntryTests {
    static let gone: [UInt8] = [
        0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    ]
    static let goneText = "00112233-4455-6677-8899-AABBCCDDEEFF"

    static func variable(_ description: String, partition: [UInt8]?) -> [UInt8] {
        let node = partition.map { [4, 1, 42, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 16) + $0 + [2, 2] } ?? []
        let path = node + [0x7F, 0xFF, 4, 0]
        let text = (Array(description.utf16) + [0]).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return [7, 0, 0, 0, 1, 0, 0, 0, UInt8(path.count), 0] + text + path
    }

    @Test("an entry tells its name and its partition, and no prefix of it traps")
    func reading() throws {
        let bytes = Self.variable("Windows Boot Manager", partition: Self.gone)
        let entry = try #require(BootEntry(variable: bytes))
        #expect(entry.description == "Windows Boot Manager")
        #expect(entry.partition == Self.goneText)
        for count in bytes.indices { _ = BootEntry(variable: Array(bytes[..<count])) }
    }

    @Test("an entry for a partition that is gone, or in a Linux's name, forbids blank; others do not")
    func answers() throws {
        let folder = try TemporaryFolder()
        func answer(_ present: Set<String> = []) -> ProbeAnswer {
            bootEntriesAnswer(sysfs: folder.path, present: present)
        }
        guard case .absent = answer() else { throw Trouble("a machine without EFI has no entries") }
        let variables = "\(folder.path)/firmware/efi/efivars"
        try FileManager.default.createDirectory(atPath: variables, withIntermediateDirectories: true)
        guard case .indeterminate = answer() else { throw Trouble("variables that are not mounted say nothing") }
        let global = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        func set(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(variables)/\(name)\(global)"))
        }
        try set("BootOrder", [7, 0, 0, 0, 1, 0])
        try set("Boot0001", Self.variable("UEFI PXEv4", partition: nil))
        guard case .absent = answer() else { throw Trouble("the network is no former system") }
        try set("Boot0002", Self.variable("Windows Boot Manager", partition: Self.gone))
        guard case .absent = answer([Self.goneText]) else { throw Trouble("its partition is there") }
        guard case .present(let found) = answer() else { throw Trouble("its partition is gone") }
        #expect(found.map(\.weight) == [.weak])
        #expect(found.first?.text.contains("Windows Boot Manager") == true)
        try set("Boot0003", Self.variable("ubuntu", partition: nil))
        guard case .present(let both) = answer([Self.goneText]) else { throw Trouble("a Linux's name") }
        #expect(both.map(\.weight) == [.weak])
        try set("Boot0004", [1, 2])
        guard case .present(let all) = answer([Self.goneText]) else { throw Trouble("an unreadable entry") }
        #expect(all.contains { $0.weight == .unprovable })
    }
}
