import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Testing

/// What the firmware and other people's lists remember of a machine, in a made-up sysfs.
@Suite("Traces in the firmware and in inventories", .timeLimit(.minutes(2)))
struct FirmwareTraceTests {
    static let loader = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
    static let global = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    static let partition = "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"

    private func set(_ path: String, _ bytes: [UInt8], in folder: TemporaryFolder) throws {
        let file = URL(filePath: "\(folder.path)/\(path)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    private func set(_ path: String, _ text: String, in folder: TemporaryFolder) throws {
        try set(path, Array(text.utf8), in: folder)
    }

    /// A variable of text; 7 outlives a start, 6 does not.
    private func variable(_ attributes: UInt8, _ text: String) -> [UInt8] {
        [attributes, 0, 0, 0] + (text + "\0").utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    @Test("what a boot loader left for ever forbids blank; what it said at this start does where it was elsewhere")
    func loaderVariables() throws {
        let folder = try TemporaryFolder()
        let variables = "firmware/efi/efivars"
        func found(_ medium: Set<String> = []) -> [String] {
            switch bootEntriesAnswer(sysfs: folder.path, present: [], bootMedium: medium) {
            case .present(let evidence): evidence.map { "\($0.indicator.rawValue) \($0.weight.rawValue)" }
            case .absent: ["absent"]
            case .indeterminate: ["indeterminate"]
            }
        }
        try set("\(variables)/BootOrder\(Self.global)", [7, 0, 0, 0, 1, 0], in: folder)
        #expect(found() == ["absent"])
        // Started from the network: no partition.
        try set("\(variables)/LoaderInfo\(Self.loader)", variable(6, "systemd-boot 252"), in: folder)
        #expect(found() == ["F2 information"])
        let origin = "\(variables)/LoaderDevicePartUUID\(Self.loader)"
        try set(origin, variable(6, Self.partition.lowercased()), in: folder)
        #expect(found() == ["F2 weak"])
        #expect(found(["00112233-4455-6677-8899-AABBCCDDEEFF"]) == ["F2 weak"])
        #expect(found([Self.partition]) == ["F2 information"])
        try set("\(variables)/LoaderSystemToken\(Self.loader)", [7, 0, 0, 0] + [1, 2, 3], in: folder)
        #expect(found([Self.partition]) == ["F2 weak", "F2 information"])
        try set("\(variables)/LoaderEntries\(Self.loader)", [6], in: folder)
        #expect(found([Self.partition]).contains("F2 unprovable"))
    }

    @Test("a boot entry for the boot medium's partition is no trace")
    func bootMediumEntry() throws {
        let folder = try TemporaryFolder()
        let entry = BootEntryTests.variable("UEFI: USB stick", partition: BootEntryTests.gone)
        try set("firmware/efi/efivars/Boot0001\(Self.global)", entry, in: folder)
        guard case .present = bootEntriesAnswer(sysfs: folder.path, present: []) else { throw Trouble("it is gone") }
        let medium: Set = [BootEntryTests.goneText]
        guard case .absent = bootEntriesAnswer(sysfs: folder.path, present: [], bootMedium: medium) else {
            throw Trouble("it is the boot medium's")
        }
    }

    @Test(
        "the boot medium's own table is read, so that it is no stranger's",
        .enabled(if: LoopDevice.isPossible && Tool.areThere("sgdisk"), LoopDevice.note))
    func bootMedium() async throws {
        let stick = try Image(32 << 20)
        try await Tool("sgdisk").run(["-o", "-n1:2048:+8M", "-t1:ef00", "-u1:\(Self.partition)", stick.path])
        let sysfs = try TemporaryFolder()
        try set("firmware/efi/efivars/LoaderDevicePartUUID\(Self.loader)", variable(6, Self.partition), in: sysfs)
        try set("block/sdy/size", "65536", in: sysfs)
        try await LoopDevice.with(stick, options: ["--read-only"]) { device in
            try await WindowsDisk.shell(
                "mkdir -p \(sysfs.path)/dev/block; ln -s ../../block/sdy "
                    + "\(sysfs.path)/dev/block/$(stat -c %Hr:%Lr \(device))")
            let named = try await InspectTests.inspect(["--sysfs", sysfs.path, "--boot-medium", device])
            #expect(named.output.contains("machine  found  F2  a boot loader started this system from the boot medium"))
            let unnamed = try await InspectTests.inspect(["--sysfs", sysfs.path])
            #expect(unnamed.output.contains("F2: a boot loader ran from partition \(Self.partition)"))
        }
    }

    @Test("signs of administration are shown, and change no verdict")
    func administration() async throws {
        let folder = try TemporaryFolder()
        func found() -> [String] {
            guard case .present(let evidence) = administrationAnswer(sysfs: folder.path) else { return [] }
            #expect(evidence.allSatisfy { $0.indicator == .administration && $0.weight == .information })
            return evidence.map(\.text)
        }
        #expect(found() == [])
        try set("class/dmi/id/chassis_asset_tag", "Default string\n", in: folder)
        try set("firmware/efi/efivars/VendorKeys\(Self.global)", [6, 0, 0, 0, 1], in: folder)
        try set("class/tpm/tpm0/device/owned", "0\n", in: folder)
        // A system's structure with two texts, then type 24: no password at power-on (0), one of the set-up's (1).
        let before: [UInt8] = [1, 6, 0, 0, 1, 2] + Array("ACME\0PC\0\0".utf8)
        try set("firmware/dmi/tables/DMI", before + [24, 5, 1, 0, 0b10_10_10_10, 0, 0, 127, 4, 2, 0, 0, 0], in: folder)
        #expect(found() == [])
        try set("class/dmi/id/chassis_asset_tag", "IT-004711\n", in: folder)
        try set("firmware/efi/efivars/VendorKeys\(Self.global)", [6, 0, 0, 0, 0], in: folder)
        try set("class/tpm/tpm0/device/owned", "1\n", in: folder)
        try set("firmware/dmi/tables/DMI", before + [24, 5, 1, 0, 0b00_10_01_00, 0, 0, 127, 4, 2, 0, 0, 0], in: folder)
        #expect(
            found() == [
                "the keys of Secure Boot are not the vendor's alone", "a password of the firmware's set-up",
                "an asset tag: IT-004711", "the TPM has an owner",
            ])
        let page = try await InspectTests.inspect(["--sysfs", folder.path]).output
        #expect(page.contains("machine  found  F3  an asset tag: IT-004711"))
    }

    @Test("no prefix of a table of SMBIOS traps")
    func prefixes() {
        let table: [UInt8] = [1, 6, 0, 0, 1, 2] + Array("ACME\0PC\0\0".utf8) + [24, 5, 1, 0, 0b01_00_01_00, 0, 0]
        for count in table.indices { #expect(passwordSigns(inSMBIOS: Array(table[..<count])).count <= 2) }
        #expect(passwordSigns(inSMBIOS: table).count == 2)
    }

    private func machine() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try set("block/none", "", in: folder)
        try set("class/dmi/id/product_uuid", "03a1b2c3-d4e5-f607-1829-3a4b5c6d7e8f\n", in: folder)
        try set("class/dmi/id/product_serial", "PF0-ABC12\n", in: folder)
        try set("class/dmi/id/board_serial", "To Be Filled By O.E.M.\n", in: folder)
        try set("class/net/eth0/address", "3c:52:82:01:02:03\n", in: folder)
        try set("class/net/eth0/device/x", "", in: folder)
        try set("class/net/docker0/address", "02:42:01:02:03:04\n", in: folder)
        return folder
    }

    @Test(
        "a list that knows the machine is heard in whatever form it was exported",
        arguments: [
            "Name,SMBIOS GUID\r\n\"PC-1\",\"{03A1B2C3-D4E5-F607-1829-3A4B5C6D7E8F}\"\r\n",
            "PC-1;c3b2a103e5d407f618293a4b5c6d7e8f\n", "serialNumber: pf0abc12\n",
            "{\"mac\": \"3C-52-82-01-02-03\"}", "host 3c5282.010203 here",
        ])
    func known(list: String) async throws {
        let sysfs = try machine()
        for (encoding, mark) in [(String.Encoding.utf8, []), (.utf16LittleEndian, [0xFF, 0xFE])] as [(_, [UInt8])] {
            let bytes = mark + Array(try #require(list.data(using: encoding)))
            let file = "\(sysfs.path)/list.csv"
            try set("list.csv", bytes, in: sysfs)
            let marks = MachineMarks(sysfs: sysfs.path, disks: [])
            guard case .present(let shown) = inventoryAnswer(file, marks: marks, forbids: false) else {
                throw Trouble("it is on the list")
            }
            #expect(shown.map(\.weight) == [.information])
        }
        let words = ["--sysfs", sysfs.path, "--inventory", "\(sysfs.path)/list.csv"]
        let shown = try await Outcome(InspectTests.inspect(["--json"] + words))
        #expect(shown.status == 21 && shown.indicators.contains("X1"), "there is no disk, and that is all")
        #expect(try await InspectTests.inspect(words).output.contains("machine  found  X1"))
        let refused = try await InspectTests.inspect(["--json", "--refuse-known"] + words)
        #expect(refused.status == 20)
        #expect(refused.output.contains("list.csv knows this machine"))
        try await InspectTests.checkSchema(refused.output, in: sysfs)
    }

    @Test("a list without the machine says so, and one that cannot be compared proves nothing")
    func unknown() async throws {
        let sysfs = try machine()
        func answer(_ bytes: [UInt8], _ marks: MachineMarks? = nil) throws -> ProbeAnswer {
            try set("list.csv", bytes, in: sysfs)
            return inventoryAnswer(
                "\(sysfs.path)/list.csv", marks: marks ?? MachineMarks(sysfs: sysfs.path, disks: []), forbids: true)
        }
        let others = "PC-2,03a1b2c3-d4e5-f607-1829-3a4b5c6d7e80,02:42:01:02:03:04,To Be Filled By O.E.M.,PF0ABC123"
        guard case .absent = try answer(Array(others.utf8)) else { throw Trouble("none of it is this machine's") }
        for bytes in [[], Array("\n,;\n".utf8), [0x50, 0x4B, 3, 4, 0, 0]] as [[UInt8]] {
            guard case .indeterminate = try answer(bytes) else { throw Trouble("\(bytes) is no list") }
        }
        guard case .indeterminate = try answer(Array(others.utf8), MachineMarks()) else {
            throw Trouble("the machine has nothing to compare")
        }
        let missing = try await InspectTests.inspect(["--sysfs", sysfs.path, "--inventory", "\(sysfs.path)/none"])
        #expect(missing.status == 64)
        #expect(try await InspectTests.inspect(["--sysfs", sysfs.path, "--refuse-known"]).status == 64)
        try set("empty", "", in: sysfs)
        let empty = try await InspectTests.inspect([
            "--sysfs", sysfs.path, "--inventory", "\(sysfs.path)/empty", "--refuse-known",
        ])
        #expect(empty.status == 21)
        #expect(empty.output.contains("inventory: \(sysfs.path)/empty holds nothing to compare"))
    }
}
