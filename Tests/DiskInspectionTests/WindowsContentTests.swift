import AgentTestKit
import DiskTestKit
import Foundation
import Testing

/// The worked cases of the reference on prior installations (section 4.5) in which files and registry decide.
@Suite("Windows on a disk", .enabled(if: WindowsDisk.isPossible, WindowsDisk.note), .timeLimit(.minutes(3)))
struct WindowsContentTests {
    private func inspect(_ content: WindowsContent) async throws -> Outcome {
        try await Outcome.inspecting(WindowsDisk.make(content))
    }

    @Test("a used one is prior, and the page names host, domain, owner, users and ConfigMgr's client")
    func used() async throws {
        let image = try await WindowsDisk.make(.used)
        let outcome = try await Outcome.inspecting(image)
        #expect(outcome.status == 20)
        #expect(outcome.contents["hostName"] as? String == "LAB-PC-042")
        #expect(outcome.contents["domain"] as? String == "ad.example.org")
        #expect(outcome.contents["owner"] as? String == "Alice Example")
        #expect(outcome.contents["users"] as? [String] == ["alice"])
        #expect(outcome.contents["system"] as? String == "Windows 10 Pro, build 22631")
        #expect(outcome.contents["management"] as? [String] == ["SMSCFG.INI", "CCM"])
        #expect(outcome.indicators.isSuperset(of: ["W2", "W3", "W4", "W5", "W6", "W8", "W9"]))
        #expect(outcome.indicators.contains("W20") == true)
        let page = try await InspectTests.inspect([image.path]).output
        for line in [
            "host name  LAB-PC-042", "domain  ad.example.org", "owner  Alice Example", "users  1: alice",
            "managed by  ConfigMgr", "system  Windows 10 Pro, build 22631",
        ] { #expect(page.contains(line), "\(page)") }
    }

    @Test("a vendor's image that nobody has set up is factory: ask")
    func factory() async throws {
        let outcome = try await inspect(WindowsContent())
        #expect(outcome.status == 22, "\(outcome.text)")
        #expect(outcome.contents["factoryConditions"] as? [Int] == [3, 4, 5, 6, 7, 8, 9, 10, 11])
        #expect(!outcome.text.contains("\"blank\""))
        // What is there and in use is no trace of what was deleted.
        #expect(outcome.indicators.isDisjoint(with: ["W15", "W21", "W22"]))
    }

    @Test("programs that Windows shows are counted, and no others; a vendor's partition and volume are shown")
    func shown() async throws {
        let content = WindowsContent()
        let programs = "Microsoft\\Windows\\CurrentVersion\\Uninstall"
        for (branch, name) in [("", "Chess"), ("", "Go"), ("Wow6432Node\\", "Draughts")] {
            content.software["\(branch)\(programs)\\\(name)"].set("DisplayName", name)
        }
        for (name, value) in [("Driver", "SystemComponent"), ("Update", "ParentKeyName")] {
            content.software["\(programs)\\\(name)"].set("DisplayName", name)
            content.software["\(programs)\\\(name)"].set(value, 1)
        }
        content.software.add("\(programs)\\Nameless")
        let image = try await WindowsDisk.make(content)
        try await Tool("sgdisk").run(["-n4:0:+10M", "-t4:2700", "-c3:WINRETOOLS", image.path])
        let outcome = try await Outcome.inspecting(image)
        #expect(outcome.text.contains("\"3 programs are installed\""))
        #expect(outcome.text.contains("partition 4 is a vendor's or for recovery"))
        #expect(outcome.text.contains("partition 3 is a vendor's or for recovery"))
        #expect(outcome.indicators.contains("W23"))
    }

    /// A change to the vendor's image, the verdict's status and the indicator that tells why.
    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: Int
        var indicator: String
        var apply: @Sendable (inout WindowsContent) -> Void

        init(
            _ name: String, _ status: Int, _ indicator: String,
            _ apply: @escaping @Sendable (inout WindowsContent) -> Void
        ) {
            (testDescription, self.status, self.indicator, self.apply) = (name, status, indicator, apply)
        }
    }

    static let changes: [Change] = [
        Change("an account 1001", 20, "W4") { $0.addAccount(1001, "alice") },
        Change("the helper of the first start", 21, "P1") { $0.addAccount(1000, "defaultuser0") },
        Change("a person's folder", 20, "W5") { $0.files["Users/bob/x"] = [1] },
        Change("a domain's identifier", 20, "W6") {
            let sid: [UInt8] = [1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 7, 0, 0, 0]
            $0.security["Policy\\PolPrDmS"].set("", kind: 0, sid)
        },
        Change("a logon of the first administrator's that nothing dates", 20, "W9") { content in
            // FILETIME 0x01D9… at 8: before the image was made; but the account's key bears no time.
            var record = [UInt8](repeating: 0, count: 0x50)
            (record[0x0E], record[0x0F]) = (0xD9, 0x01)
            let account = content.accounts["SAM\\Domains\\Account\\Users\\000001f4"]
            account.set("F", kind: 3, record)
            account.time = 0
        },
        Change("Microsoft's own logon, when the image was made", 22, "W1") { content in
            var record = [UInt8](repeating: 0, count: 0x50)
            (record[0x0E], record[0x0F]) = (0xD9, 0x01)
            content.accounts["SAM\\Domains\\Account\\Users\\000001f4"].set("F", kind: 3, record)
        },
        Change("joined to Entra", 20, "W7") { $0.system.add("ControlSet001\\Control\\CloudDomainJoin\\JoinInfo\\1") },
        Change("an enrolment with a user", 20, "W7") {
            $0.software["Microsoft\\Enrollments\\1"].set("UPN", "alice@example.org")
        },
        Change("ConfigMgr's folder", 20, "W8") { $0.files["Windows/ccmcache/x"] = [1] },
        Change("a cached logon of the domain", 20, "W10") {
            $0.security["Cache"].set("NL$1", kind: 3, [10] + [UInt8](repeating: 0, count: 95))
        },
        Change("hibernated", 20, "W12") {
            $0.files["hiberfil.sys"] = Array("hibr".utf8) + [UInt8](repeating: 0, count: 4092)
        },
        Change("a page file", 20, "W13") { $0.files["pagefile.sys"] = [0] },
        Change("a reset", 20, "W14") { $0.files["$SysReset/Logs/x"] = [1] },
        Change("an upgrade", 20, "W14") { $0.system.add("Setup\\Source OS (Updated on 1)") },
        Change("sealed again after use", 20, "W15") {
            $0.seal("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")
            $0.addAccount(1001, "alice", logons: 9)
        },
        Change("a USB disk was attached", 22, "W17") { $0.system.add("ControlSet001\\Enum\\USBSTOR\\Disk&Ven") },
        Change("a second Windows", 20, "W14") {
            $0.files["WINNT/System32/cmd.exe"] = [1]
            $0.files["WINNT/System32/config/SAM"] = [1]
        },
        Change("programs are installed", 22, "W21") {
            let programs = "Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
            $0.software["\(programs)\\Chess"].set("DisplayName", "Chess 3")
            $0.software["\(programs)\\Driver"].set("DisplayName", "a driver")
            $0.software["\(programs)\\Driver"].set("SystemComponent", 1)
        },
        Change("a client that was deleted before it was sealed", 20, "W15") {
            $0.files["Windows/Temp/SMSCFG.INI"] = [1]
            $0.deleted = ["SMSCFG.INI"]
        },
        Change("a person's registry that was deleted", 22, "W22") {
            $0.files["Windows/Temp/NTUSER.DAT"] = [1]
            $0.deleted = ["NTUSER.DAT"]
        },
        Change("specialised, clean otherwise", 21, "P1") { $0.seal("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE") },
        Change("audit mode", 21, "P1") { $0.seal("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT") },
        Change("State.ini disagrees", 21, "P1") { $0.files["Windows/Setup/State/State.ini"] = Array("[State]".utf8) },
        Change("a boot loader of a Linux", 20, "W24") { $0.bootFolders.append("EFI/ubuntu") },
        Change("a boot loader of systemd", 20, "W24") {
            $0.bootFolders += ["loader", "loader/entries", "loader/entries/x"]
        },
        Change("boot files of nobody known", 21, "W24") { $0.bootFolders.append("EFI/Zebra") },
        Change("a vendor's boot files", 22, "W24") { $0.bootFolders.append("EFI/Dell") },
        Change("set up", 20, "W2") { $0.setUp(pending: false) },
        Change("complete", 20, "W3") { $0.seal("IMAGE_STATE_COMPLETE") },
        Change("SOFTWARE not closed, and no logs", 21, "W19") { $0.dirtyHives = ["SOFTWARE"] },
        Change("no SAM", 21, "W19") { $0.script = "rm Windows/System32/config/SAM" },
        Change("SYSTEM is noise", 21, "W19") {
            $0.files["Windows/System32/config/SYSTEM"] = [UInt8](repeating: 0xA5, count: 8192)
        },
        Change("an event log of next week", 21, "P1") {
            $0.files["Windows/System32/winevt/Logs/System.evtx"] = [1]
            $0.script = "touch -d '7 days' Windows/System32/winevt/Logs/System.evtx"
        },
    ]

    @Test("one change to a vendor's image decides", arguments: changes)
    func change(change: Change) async throws {
        var content = WindowsContent()
        change.apply(&content)
        let outcome = try await inspect(content)
        #expect(outcome.status == change.status, "\(outcome.text)")
        #expect(outcome.indicators.contains(change.indicator))
    }

    @Test("no secret of the registry is shown, in no form of the answer")
    func secrets() async throws {
        let content = WindowsContent.used
        let canary = "k4n4ry-w0rd"
        let bytes = canary.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        content.security["Policy\\Secrets\\DefaultPassword\\CurrVal"].set("", kind: 0, bytes)
        content.security["Policy\\Secrets\\$MACHINE.ACC\\CurrVal"].set("", kind: 0, bytes)
        content.security["Cache"].set("NL$1", kind: 3, [10] + [UInt8](repeating: 0, count: 95) + bytes)
        content.software["\(WindowsContent.version)\\Winlogon"].set("DefaultPassword", canary)
        content.accounts["SAM\\Domains\\Account\\Users\\000003e9"].set("V", kind: 3, bytes)
        let image = try await WindowsDisk.make(content)
        let evidence = "\(image.folder.path)/evidence.json"
        let page = try await InspectTests.inspect(["--evidence", evidence, image.path])
        let kept = try String(contentsOfFile: evidence, encoding: .utf8)
        #expect(kept.contains("alice") && kept.contains("W6") && kept.contains("W10"), "the hives were read")
        let encoded = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for text in [page.output, page.complaints, kept] {
            for form in [canary, encoded, Data(bytes).base64EncodedString()] { #expect(!text.contains(form)) }
        }
    }

    @Test("a partition beside it, or a byte in a gap, is no factory image")
    func surroundings() async throws {
        let image = try await WindowsDisk.make(WindowsContent())
        // Behind the last partition, which ends at 177 MiB.
        try image.write([1], at: 190 << 20)
        let gap = try await Outcome.inspecting(image)
        #expect(gap.status == 21)
        #expect(gap.indicators.contains("P9"))
        let second = try await WindowsDisk.make(WindowsContent())
        try await Tool("sgdisk").run(["-n4:0:+10M", "-t4:0700", second.path])
        #expect(try await Outcome.inspecting(second).status == 21)
    }

    @Test(
        "a volume for recovery that cannot be read is no part of a factory image",
        .enabled(if: Tool.areThere("mkfs.exfat"), Tool.note))
    func unreadableVolume() async throws {
        for (tool, status) in [("mkfs.vfat", Int(22)), ("mkfs.exfat", 21)] {
            let image = try await WindowsDisk.make(WindowsContent())
            try await Tool("sgdisk").run(["-n4:178M:+16M", "-t4:2700", image.path])
            let volume = try Image(16 << 20)
            try await Tool(tool).run([volume.path])
            try await image.place(volume, at: 178 << 20)
            let outcome = try await Outcome.inspecting(image)
            #expect(outcome.status == status, "\(tool) \(outcome.text)")
        }
    }

    @Test("a volume that is cut off is no factory image")
    func cutOff() async throws {
        let image = try await WindowsDisk.make(WindowsContent())
        // The volume ends before the files that its table leads to.
        let descriptor = open(image.path, O_WRONLY | O_CLOEXEC)
        #expect(ftruncate(descriptor, 60 << 20) == 0)
        close(descriptor)
        let ending = try await InspectTests.inspect(["--json", image.path])
        #expect(ending.status == 20 || ending.status == 21)
        #expect(!ending.output.contains("\"factory\""))
    }
}
