/// The versions of the firmware's parts.
///
/// Answer: the BIOS's version, 65 bytes at 16; the number of entries, a word at 81; entries of 44 bytes from 85, each a
/// name and a value of `{u16 length, 20 bytes}`. Source: `samples/mei/mei-amt-version.c` in Linux.
package struct GetCodeVersions: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_001A
    /// The size of the table in the peers' sources; no firmware is known to send more than 10.
    private static let mostEntries: UInt32 = 50
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> CodeVersions {
        var reader = ByteReader(data)
        let bios = try reader.paddedText(65)
        let count = try reader.word32()
        guard count <= mostEntries else {
            throw .answerUnreadable("it announces \(count) versions, at most \(mostEntries) fit")
        }
        var entries: [CodeVersions.Entry] = []
        for _ in 0..<count {
            let name = try text(from: &reader)
            entries.append(CodeVersions.Entry(name: name, value: try text(from: &reader)))
        }
        try reader.finish()
        return CodeVersions(bios: bios, entries: entries)
    }

    private static func text(from reader: inout ByteReader) throws(HostInterfaceFault) -> String {
        let length = try reader.word16()
        guard length <= 20 else { throw .answerUnreadable("a version text of \(length) bytes, at most 20 fit") }
        var field = ByteReader(try reader.bytes(20))
        return try field.paddedText(Int(length))
    }
}

/// The answer to ``GetCodeVersions``.
package struct CodeVersions: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var bios: String
    /// In the firmware's order; names seen: Flash, Netstack, AMTApps, AMT, Sku, VendorID, Build Number, Recovery Version,
    /// Recovery Build Num, Legacy Mode.
    package var entries: [Entry]

    package init(bios: String, entries: [Entry]) {
        self.bios = bios
        self.entries = entries
    }

    package subscript(_ name: String) -> String? { entries.first { $0.name == name }?.value }

    /// The version as people write it, `12.0.67.1579`: AMT and, where given, Build Number.
    package var amt: String? {
        self["AMT"].map { version in self["Build Number"].map { "\(version).\($0)" } ?? version }
    }

    /// A decimal bit map: 0x08 AMT, 0x10 Standard Manageability, 0x4000 corporate.
    package var sku: UInt32? { self["Sku"].flatMap { UInt32($0) } }
}
