import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Glibc
import TestKit
import Testing
import VolumeReading

/// One row, and how its disk comes to be.
struct WorkedCase: Sendable, CustomTestStringConvertible {
    var number: Int
    /// As in the table; a row with two ways to come about has two cases.
    var words: String
    var verdict: DiskVerdict
    /// What has to be among the reasons; nil where nothing speaks.
    var indicator: String?
    var needsWindows = false
    var tools: [String] = []
    var outcome: @Sendable () async throws -> Outcome

    var testDescription: String { "\(number): \(words)" }
    var isPossible: Bool {
        needsWindows ? WindowsDisk.isPossible : tools.allSatisfy { Tool($0).path != nil }
    }

    private init(
        _ number: Int, _ words: String, _ verdict: DiskVerdict, _ indicator: String?, tools: String...,
        outcome: @escaping @Sendable () async throws -> Outcome
    ) {
        (self.number, self.words, self.verdict, self.indicator) = (number, words, verdict, indicator)
        (self.tools, self.outcome) = (tools, outcome)
    }

    private init(
        _ number: Int, _ words: String, _ verdict: DiskVerdict, _ indicator: String?,
        windows: @escaping @Sendable (inout WindowsContent) throws -> Void
    ) {
        self.init(number, words, verdict, indicator) {
            var content = WindowsContent()
            try windows(&content)
            return try await Outcome.inspecting(WindowsDisk.make(content))
        }
        needsWindows = true
    }

    static let all: [WorkedCase] = bareDisks + encrypted + windows + others

    private static let mebi: UInt64 = 1 << 20

    private static let bareDisks: [WorkedCase] = [
        WorkedCase(1, "zeroed disk", .blank, nil) { try await Outcome.inspecting(Image(160 * mebi)) },
        WorkedCase(2, "0xFF disk", .blank, nil) {
            let image = try Image(160 * mebi)
            try image.fill(0xFF, 0..<image.size)
            return try await Outcome.inspecting(image)
        },
        WorkedCase(3, "random data", .unknown, "P8") {
            let image = try Image(24 * mebi)
            try await Tool("dd").run(["if=/dev/urandom", "of=\(image.path)", "bs=1M", "count=24", "conv=notrunc"])
            return try await Outcome.inspecting(image)
        },
        WorkedCase(4, "empty GPT", .unknown, "P2", tools: "sgdisk") {
            let image = try Image(160 * mebi)
            try await Tool("sgdisk").run(["-o", image.path])
            return try await Outcome.inspecting(image)
        },
        WorkedCase(5, "GPT with partitions, every byte inside constant", .unknown, "P1", tools: "sgdisk") {
            let image = try Image(160 * mebi)
            try await Tool("sgdisk").run(["-o", "-n1:2048:+50M", "-t1:0700", "-n2:0:0", "-t2:ef00", image.path])
            return try await Outcome.inspecting(image)
        },
        WorkedCase(6, "GPT + freshly made NTFS, nothing on it", .prior, "P1", tools: "sgdisk", "mkntfs", "mkfs.vfat") {
            try await Outcome.inspecting(Image.windowsLike())
        },
        WorkedCase(7, "diskpart clean over Windows", .prior, "P5", tools: "sgdisk", "mkntfs", "mkfs.vfat") {
            let image = try await Image.windowsLike()
            try image.fill(0, 0..<mebi)
            try image.fill(0, image.size - mebi..<image.size)
            return try await Outcome.inspecting(image)
        },
        WorkedCase(8, "ext4 first 4 KiB wiped", .prior, "P6", tools: "mkfs.ext4") {
            let image = try Image(160 * mebi)
            try await Tool("mkfs.ext4").run(["-q", "-F", image.path])
            try image.fill(0, 0..<4096)
            return try await Outcome.inspecting(image)
        },
    ]

    private static let encrypted: [WorkedCase] = [
        WorkedCase(9, "LUKS2, first header wiped", .prior, "E1", tools: "cryptsetup") {
            let image = try Image(160 * mebi)
            try await image.encrypt()
            try image.fill(0, 0..<4096)
            return try await Outcome.inspecting(image)
        },
        WorkedCase(10, "BitLocker volume", .prior, "E2") {
            // No tool here makes one: its boot sector as Windows 7 and later write it, section 1.7 of the reference.
            let image = try Image(160 * mebi)
            var sector = [UInt8](repeating: 0, count: 512)
            sector.replaceSubrange(0..<11, with: [0xEB, 0x58, 0x90] + Array("-FVE-FS-".utf8))
            sector.replaceSubrange(510..<512, with: [0x55, 0xAA])
            try image.write(sector, at: 0)
            return try await Outcome.inspecting(image)
        },
        WorkedCase(11, "Opal locked", .prior, "D2") {
            // No such drive is at hand: the kernel's flags of one, beside a surface that reads as zeros.
            let image = try Image(160 * mebi)
            let state = DriveState(opal: .flags(7), identity: nil)
            var examination = DiskExamination()
            examination.given = state.answers(for: DriveStateTests.nvme)
            var generator = SeededGenerator(1)
            return Outcome(of: examination.examine(try Disk(image.path), using: &generator))
        },
    ]

    private static let windows: [WorkedCase] = [
        WorkedCase(12, "factory image, never booted", .factory, nil) { _ in },
        WorkedCase(13, "same + RID 1001", .prior, "W4") { $0.addAccount(1001, "alice") },
        WorkedCase(14, "same, hibernated or LogFile 2.0: hibernated", .prior, "W12") {
            $0.files["hiberfil.sys"] = Array("hibr".utf8) + [UInt8](repeating: 0, count: 4092)
        },
        logOfTwo,
        WorkedCase(15, "same, SOFTWARE hive dirty without logs", .unknown, "W19") { $0.dirtyHives = ["SOFTWARE"] },
        WorkedCase(16, "SOFTWARE-resealed-but-used hive", .prior, "W15") { content in
            if Vectors.areUnpackable {
                content.files["Windows/System32/config/SOFTWARE"] = try Vectors.unpacked(
                    "hives/synth__SOFTWARE-resealed-but-used.xz")
            } else {
                content.seal("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")
                content.software["\(WindowsContent.version)\\ProfileList\\S-1-5-21-1-2-3-1001"]
                    .set("ProfileImagePath", "C:\\Users\\alice")
            }
        },
        WorkedCase(17, "SPECIALIZE_RESEAL_TO_OOBE, clean otherwise", .unknown, "P1") {
            $0.seal("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")
        },
        calibratedVendor,
        WorkedCase(18, "audit mode", .unknown, "P1") { $0.seal("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT") },
    ]

    private static let others: [WorkedCase] = [
        WorkedCase(19, "probe child killed", .unknown, nil) {
            // Sparse and large, so that its reader lives until it is killed.
            let image = try Image(200 << 30)
            let running = try RunningProgram(InspectTests.program("namesake-agent"), ["inspect", "--json", image.path])
            kill(try await InspectTests.child(of: running.process), SIGKILL)
            return try Outcome(try await running.ending())
        },
        WorkedCase(20, "no disks", .unknown, "D1") {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(atPath: "\(folder.path)/block", withIntermediateDirectories: true)
            return try await Outcome.inspecting(options: ["--sysfs", folder.path])
        },
        WorkedCase(21, "vendor Linux preinstall, machine-id uninitialized", .prior, "L1", tools: "mkfs.ext4") {
            try await Outcome.inspecting(
                LinuxContentTests.make([
                    "etc/machine-id": Array("uninitialized\n".utf8),
                    "usr/lib/os-release": Array("NAME=\"Vendor Linux\"\n".utf8),
                ]))
        },
        WorkedCase(22, "second disk with ZFS label only", .prior, "E7") {
            let second = try Image(160 * mebi)
            // Four labels of 256 KiB, two at each end; the second half of each is a ring of 128 uberblocks of 1 KiB.
            let slot = [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0, 0x88, 0x13] + [UInt8](repeating: 0, count: 1014)
            let ring = [UInt8]((0..<128).map { _ in slot }.joined())
            for label in [0, 256 << 10, second.size - 512 << 10, second.size - 256 << 10] as [UInt64] {
                try second.write(ring, at: label + 128 << 10)
            }
            return try await Outcome.inspecting(Image(160 * mebi), second)
        },
    ]

    /// Row 14's other way.
    private static let logOfTwo: WorkedCase = {
        var row = WorkedCase(14, "same, hibernated or LogFile 2.0: LogFile 2.0", .prior, "W12") {
            let image = try await WindowsDisk.make(WindowsContent())
            var page = [UInt8](repeating: 0, count: 64)
            page.replaceSubrange(0..<4, with: Array("RSTR".utf8))
            // The restart area, then minor and major; nobody has the log open.
            (page[24], page[28], page[48 + 12], page[48 + 13]) = (48, 2, 0xFF, 0xFF)
            try image.write(page, at: try WindowsDisk.logFile(in: image))
            return try await Outcome.inspecting(image)
        }
        row.needsWindows = true
        return row
    }()

    /// Row 17's other half: the policy is a switch of the reader's, which no release sets.
    private static let calibratedVendor: WorkedCase = {
        var row = WorkedCase(17, "SPECIALIZE_RESEAL_TO_OOBE, clean otherwise; vendor calibrated", .factory, nil) {
            var content = WindowsContent(), policy = FactoryPolicy()
            content.seal("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")
            policy.trustsSpecialized = true
            return Outcome(of: try await WindowsDisk.make(content).examine(policy: policy))
        }
        row.needsWindows = true
        return row
    }()
}
