import Foundation
import RegistryHives
import TestKit
import Testing

@Suite("Reading hives", .enabled(if: Hives.arePresent, Hives.note))
struct HiveReadingTests {
    @Test("the index has all kinds of hives")
    func index() {
        #expect(Hives.primaries.count >= 20)
        #expect(Set(Hives.primaries.map(\.kind)).isSuperset(of: ["SYSTEM", "SOFTWARE", "SAM", "SECURITY", "NTUSER"]))
    }

    @Test(
        "has as many keys and values as libhivex found alone, and refuses what it refused", arguments: Hives.primaries)
    func counts(row: Hives.Row) throws {
        let image = try HiveImage(try Hives.bytes(row.file))
        #expect((image.state == .clean) == row.isClean)
        #expect(image.provesAbsence == row.isClean)
        guard row.libhivex.hasPrefix("ok") else {
            #expect(row.file.contains("corrupted"))
            #expect(throws: HiveFault.self) { try HiveReadingTests.open(image) }
            return
        }
        let hive = try Hive(image)
        let found = try Hives.count(hive)
        #expect("ok nk=\(found.keys) nv=\(found.values) err=0" == row.libhivex)
    }

    private static func open(_ image: HiveImage) throws { _ = try Hive(image) }

    @Test("gives the values of the index", arguments: Hives.primaries.filter { $0.libhivex.hasPrefix("ok") })
    func values(row: Hives.Row) throws {
        let hive = try Hive(try HiveImage(try Hives.bytes(row.file)))
        let expected = try #require(
            try JSONSerialization.jsonObject(with: Data(row.expected.utf8)) as? [String: Any])
        func text(_ name: String) -> String? { expected[name] as? String }
        func number(_ name: String) -> Int? { expected[name] as? Int }
        switch row.kind {
        case "SYSTEM":
            let system = try SystemHive(hive)
            #expect(system.controlSet.map(Int.init) == number("Select.Current"))
            #expect(system.computerName == text("ComputerName"))
            #expect(system.hostName == text("Tcpip.NV Hostname"))
            #expect(system.domain == text("Tcpip.Domain"))
            #expect(system.lastingDomain == text("Tcpip.NV Domain"))
            #expect(system.lastShutdown.map(Self.iso) == text("ShutdownTime"))
            #expect(system.setup.isInProgress.map(Int.init) == number("Setup.SystemSetupInProgress"))
            #expect(system.setup.isWelcoming.map(Int.init) == number("Setup.OOBEInProgress"))
            #expect(system.setup.type.map(Int.init) == number("Setup.SetupType"))
            #expect(system.setup.phase.map(Int.init) == number("Setup.SetupPhase"))
            #expect(system.setup.commandLine == text("Setup.CmdLine"))
            #expect(system.setup.imageBuilt == text("Setup.CloneTag"))
            #expect(system.upgrades == expected["SourceOS"] as? [String] ?? [])
            #expect(system.services == number("n_services"))
            #expect(system.mountedDevices == number("n_MountedDevices"))
            #expect((system.usbDisks > 0) == (number("n_USBSTOR") != 0))
            if text("Netlogon.DynamicSiteName") != nil { #expect(system.directorySite == "Default-First-Site-Name") }
        case "SOFTWARE":
            let software = try SoftwareHive(hive)
            #expect(software.product == text("ProductName"))
            #expect(software.edition == text("EditionID"))
            #expect(software.build == text("CurrentBuildNumber"))
            #expect(software.installationType == text("InstallationType"))
            #expect(software.installed.map(Int.init) == number("InstallDate"))
            #expect(software.owner == text("RegisteredOwner"))
            #expect(software.imageState == text("ImageState"))
            #expect(software.profiles.map(\.sid) == expected["profiles"] as? [String])
            #expect(software.managementKeys.contains("CCM") == expected["CCM"] as? Bool)
            #expect(software.managementKeys.contains("SMS") == expected["SMS"] as? Bool)
        case "SAM":
            let sam = try AccountsHive(hive)
            #expect(sam.accounts.map(\.name).sorted() == (expected["users"] as? [String])?.sorted())
            let lines = sam.accounts.map {
                "\($0.number):logons=\($0.logons),last=\($0.lastLogon.map(Self.iso) ?? "-")"
            }
            #expect(lines == expected["rids"] as? [String])
            #expect(sam.machineSID == text("machine_sid"))
        case "SECURITY":
            let security = try SecurityHive(hive)
            #expect(security.secrets.sorted() == (expected["Secrets"] as? [String])?.sorted())
            #expect(security.machineName == text("PolAcDmN"))
            #expect(security.primaryName == text("PolPrDmN"))
            #expect(security.domainSID == nil && !security.hasMachineAccount)
            #expect(security.cachedLogons == number("cached_domain_logons"))
        case "NTUSER":
            let profile = try ProfileHive(hive)
            #expect(profile.changed.map(Self.iso) == text("root_ts"))
            #expect(profile.countedPrograms == number("UserAssist_guids"))
            #expect(profile.typedAddresses == number("TypedURLs"))
            #expect(profile.isUsed)
        default:
            #expect(["USRCLASS", "BCD", "AMCACHE", "OTHER"].contains(row.kind))
        }
    }

    @Test("every value that the index names is compared, and as regipy read it", arguments: Hives.primaries)
    func index(row: Hives.Row) throws {
        let expected = try #require(
            try JSONSerialization.jsonObject(with: Data(row.expected.utf8)) as? [String: Any])
        let unknown = Set(expected.keys).subtracting(Self.comparedAbove).subtracting(Self.readHere.keys)
        #expect(unknown.isEmpty, "the index names what no test compares")
        let file = try Hives.bytes(row.file)
        let header = try #require(HiveHeader(file))
        #expect("\(header.primary)/\(header.secondary)" == expected["seq"] as? String)
        if let name = expected["hdr_name"] as? String { #expect(header.fileName == name) }
        guard row.libhivex.hasPrefix("ok") else { return }
        let hive = try Hive(try HiveImage(file))
        for (name, read) in Self.readHere {
            guard let wanted = expected[name] else { continue }
            let found = try #require(try read(hive), "\(name)")
            #expect(found == "\(wanted)", "\(name)")
        }
    }

    /// By `values` and `counts`, and from the header.
    private static let comparedAbove: Set = [
        "seq", "hdr_name", "nk", "nv", "Select.Current", "ComputerName", "Tcpip.NV Hostname", "Tcpip.Domain",
        "Tcpip.NV Domain", "ShutdownTime", "Setup.SystemSetupInProgress", "Setup.OOBEInProgress", "Setup.SetupType",
        "Setup.SetupPhase", "Setup.CmdLine", "Setup.CloneTag", "SourceOS", "n_services", "n_MountedDevices",
        "n_USBSTOR", "Netlogon.DynamicSiteName", "ProductName", "EditionID", "CurrentBuildNumber", "InstallationType",
        "InstallDate", "RegisteredOwner", "ImageState", "profiles", "CCM", "SMS", "users", "rids", "machine_sid",
        "Secrets", "PolAcDmN", "PolPrDmN", "cached_domain_logons", "root_ts", "UserAssist_guids", "TypedURLs",
    ]

    /// What the product has no use for, straight from the keys.
    private static let readHere: [String: @Sendable (borrowing Hive) throws -> String?] = [
        "Tcpip.Hostname": { try $0.values(at: "ControlSet001\\Services\\Tcpip\\Parameters")["Hostname"]?.text },
        "CSDVersion": { try $0.values(at: "ControlSet001\\Control\\Windows")["CSDVersion"]?.number.map(String.init) },
        "ProductType": { try $0.values(at: "ControlSet001\\Control\\ProductOptions")["ProductType"]?.text },
        "SysprepStatus.GeneralizationState": {
            try $0.values(at: "Setup\\Status\\SysprepStatus")["GeneralizationState"]?.number.map(String.init)
        },
        "PolAcDmS": { try $0.values(at: "Policy\\PolAcDmS")[""].map { sid($0.bytes) } },
        "objects": { "\(try $0.names(below: "Objects").count)" },
        "RecentDocs": { "\(try ProfileHive($0).recentDocuments)" },
    ]

    /// Revision, number of parts, authority from the front in 48 bits, parts: written here again, beside the room's own.
    private static func sid(_ bytes: [UInt8]) -> String {
        let parts = stride(from: 8, to: bytes.count, by: 4).map { start in
            bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        return (["S", "\(bytes[0])", "\(bytes[7])"] + parts.map { "\($0)" }).joined(separator: "-")
    }

    private static func iso(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }

    @Test("names keep a NUL and letters beyond ASCII")
    func names() throws {
        let hive = try Hive(try HiveImage(try Hives.bytes("hivex__special.xz")))
        let names = try hive.keys(below: hive.rootKey).map(\.name)
        #expect(names.contains("zero\0key"))
        #expect(names.contains { $0.unicodeScalars.contains { $0.value > 127 } })
    }

    @Test("a key is found whatever its case")
    func foldedCase() throws {
        let hive = try Hive(try HiveImage(try Hives.bytes("synth__SYSTEM-domain-joined.xz")))
        #expect(try hive.key("sETUP\\status") != nil)
        #expect(try hive.key("Setup\\No such key") == nil)
    }
}
