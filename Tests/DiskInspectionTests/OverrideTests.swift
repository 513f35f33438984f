import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// A person's decision, on a loop device whose serial a made-up sysfs tells.
@Suite(
    "--override", .enabled(if: LoopDevice.isPossible && Tool.areThere("mkfs.ext4"), LoopDevice.note),
    .timeLimit(.minutes(2)))
struct OverrideTests {
    @Test("names a serial and a reason, is logged and kept as evidence, and gives leave for that disk alone")
    func override() async throws {
        let image = try Image(160 << 20)
        try await Tool("mkfs.ext4").run(["-q", "-F", "-L", "theirs", image.path])
        try await LoopDevice.with(image, options: ["--read-only"]) { try await overrideWorks($0, image.folder) }
    }

    private func overrideWorks(_ device: String, _ folder: TemporaryFolder) async throws {
        let sysfs = "\(folder.path)/sys"
        try await WindowsDisk.shell(
            """
            mkdir -p \(sysfs)/dev/block \(sysfs)/block/sdz/device; echo S3RIAL > \(sysfs)/block/sdz/device/serial
            echo 'ACME Disk 9' > \(sysfs)/block/sdz/device/model
            number=$(stat -c %Hr:%Lr \(device)); ln -s ../../block/sdz \(sysfs)/dev/block/$number
            """)
        func inspect(_ more: String...) async throws -> RunningProgram.Ending {
            try await InspectTests.inspect(
                ["--sysfs", sysfs, "--accept", "lock", "--accept", "native-size"] + more + [device])
        }
        let (token, evidence) = ("\(folder.path)/leave.json", "\(folder.path)/evidence.json")
        let words = ["--override", "S3RIAL", "--reason", "agreed with Ms Doe"]
        #expect(try await inspect(words[0], words[1]).status == 64, "without a reason")
        #expect(try await inspect(words[0], words[1], words[2], words[3]).status == 64, "without evidence")
        let other = try await inspect(
            "--override", "OTHER", words[2], words[3], "--evidence", "\(evidence).other", "--token", token)
        #expect(other.status == 20)
        #expect(other.complaints.contains("it has no effect"))
        #expect(access(token, F_OK) != 0)

        // Given twice, there are two with that serial.
        let twins = try await inspect(
            words[0], words[1], words[2], words[3], "--evidence", "\(evidence).twins", "--token", token, device)
        #expect(twins.status == 20)
        #expect(twins.complaints.contains("2 disks have the serial S3RIAL"), "\(twins.complaints)")
        #expect(access(token, F_OK) != 0)

        let ending = try await inspect(
            words[0], words[1], words[2], words[3], "--evidence", evidence, "--token", token)
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("167 MB  ACME Disk 9  serial S3RIAL  PRIOR"), "the verdict stands")
        #expect(ending.output.contains("Overridden: the disk with serial S3RIAL"))
        #expect(ending.complaints.contains("reason: agreed with Ms Doe; found: L1: ext4 volume \"theirs\""))
        let kept = try String(contentsOfFile: evidence, encoding: .utf8)
        #expect(kept.contains("\"reason\": \"agreed with Ms Doe\"") && kept.contains("\"verdict\": \"prior\""))
        try await InspectTests.checkSchema(kept, in: folder)
        #expect(try await inspect("--verify-token", token).status == 0)
        // Without that decision in it, the same leave is none.
        let text = try String(contentsOfFile: token, encoding: .utf8).replacing("\"S3RIAL\"", with: "\"OTHER\"")
        let second = try folder.write("second.json", text)
        #expect(try await inspect("--verify-token", second).status != 0)
    }
}
