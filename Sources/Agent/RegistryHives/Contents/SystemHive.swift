/// What the SYSTEM hive tells of a machine.
///
/// Volatile keys are never on a disk: the control set in use is that of `Select\Current`.
package struct SystemHive: Hashable, Sendable {
    /// Nil or 0 where Windows never started from here, or the hive is damaged.
    package var controlSet: UInt32?
    package var computerName: String?
    package var hostName: String?
    /// Of DNS; empty on a machine of a workgroup.
    package var domain: String?
    /// There only on the member of a domain.
    package var lastingDomain: String?
    /// The site in the directory that the machine last found itself in.
    package var directorySite: String?
    /// Whether the service that members of a domain need starts by itself.
    package var startsNetlogon = false
    /// Seconds since 1970.
    package var lastShutdown: Int?
    package var setup: Setup
    /// Names of keys that an upgrade in place leaves.
    package var upgrades: [String]
    /// How many disks and partitions had a letter.
    package var mountedDevices: Int
    /// GUIDs, in capitals, of the partitions that had a letter.
    package var mountedPartitions: Set<String>
    /// How many kinds of USB disks were attached.
    package var usbDisks: Int
    package var services: Int
    /// Those of the ConfigMgr client.
    package var managementServices: [String]
    package var isCloudJoined: Bool
    /// Sessions are parked in a file at shutdown, so that volumes are stale.
    package var startsFast: Bool

    /// How far the set-up of Windows has come.
    package struct Setup: Hashable, Sendable {
        package var isInProgress: UInt32?
        package var isWelcoming: UInt32?
        /// 0 nothing to do, 1 and 2 a command line at the next start.
        package var type: UInt32?
        package var phase: UInt32?
        package var commandLine: String?
        /// When Microsoft built the image.
        package var imageBuilt: String?

        /// The first start's questions were answered.
        package var isFinished: Bool { isInProgress == 0 && isWelcoming == 0 && type == 0 }
        /// The first start's questions are still to come, as a vendor leaves it.
        package var isPending: Bool {
            isInProgress == 1 && isWelcoming == 1 && type == 2
                && (commandLine?.lowercased().hasSuffix("windeploy.exe") ?? false)
        }
    }

    /// - Throws: ``HiveFault`` where a list cannot be read; a key that is not there is no error.
    package init(_ hive: borrowing Hive) throws(HiveFault) {
        controlSet = try hive.values(at: "Select")["Current"]?.number
        let digits = String(controlSet ?? 0)
        let set = "ControlSet" + String(repeating: "0", count: max(3 - digits.utf8.count, 0)) + digits
        computerName = try hive.values(at: "\(set)\\Control\\ComputerName\\ComputerName")["ComputerName"]?.text
        let network = try hive.values(at: "\(set)\\Services\\Tcpip\\Parameters")
        hostName = network["NV Hostname"]?.text ?? network["Hostname"]?.text
        domain = network["Domain"]?.text
        lastingDomain = network["NV Domain"]?.text
        directorySite = try hive.values(at: "\(set)\\Services\\Netlogon\\Parameters")["DynamicSiteName"]?.text
        startsNetlogon = try hive.values(at: "\(set)\\Services\\Netlogon")["Start"]?.number == 2
        lastShutdown = try hive.values(at: "\(set)\\Control\\Windows")["ShutdownTime"]
            .flatMap { seconds(fileTime: longWord($0.bytes, 0)) }
        let setup = try hive.values(at: "Setup")
        self.setup = Setup(
            isInProgress: setup["SystemSetupInProgress"]?.number, isWelcoming: setup["OOBEInProgress"]?.number,
            type: setup["SetupType"]?.number, phase: setup["SetupPhase"]?.number, commandLine: setup["CmdLine"]?.text,
            imageBuilt: setup["CloneTag"]?.text)
        upgrades = try hive.names(below: "Setup").filter { $0.hasPrefix("Source OS") }
        let devices = try hive.values(at: "MountedDevices")
        mountedDevices = devices.count
        mountedPartitions = Set(devices.compactMap { Self.partition($0.bytes) })
        usbDisks = try hive.names(below: "\(set)\\Enum\\USBSTOR").count
        let services = try hive.names(below: "\(set)\\Services")
        self.services = services.count
        managementServices = services.filter { name in Self.managementNames.contains { isSame($0, name) } }
        isCloudJoined = try !hive.names(below: "\(set)\\Control\\CloudDomainJoin\\JoinInfo").isEmpty
        startsFast =
            try hive.values(at: "\(set)\\Control\\Session Manager\\Power")["HiberbootEnabled"]?.number == 1
    }

    /// The partition's GUID behind the mark of a disk with a GPT; nil for other devices.
    ///
    /// Source: libguestfs/libguestfs, daemon/inspect_fs_windows.ml.
    private static func partition(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 24, bytes.starts(with: Array("DMIO:ID:".utf8)) else { return nil }
        let order: [[Int]] = [[3, 2, 1, 0], [5, 4], [7, 6], [8, 9], [10, 11, 12, 13, 14, 15]]
        func digits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }
        return order.map { group in group.map { digits(bytes[8 + $0]) }.joined() }.joined(separator: "-")
    }

    /// Source: anwik/smstsblog, Scripts/MECM/ForceRemoveMECMClient.ps1.
    private static let managementNames = ["CcmExec", "ccmsetup", "smstsmgr", "CmRcService"]
}
