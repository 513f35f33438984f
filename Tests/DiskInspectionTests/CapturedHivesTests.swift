import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import TestKit
import Testing
import VolumeReading

/// Hives of machines that were used, on a volume made in the test; what each holds is told by `hives/INDEX.tsv`.
@Suite(
    "Captured hives on a disk",
    .enabled(
        if: WindowsDisk.isPossible && Vectors.areUnpackable,
        "skipped: ../shared/vectors/hives, xz, ntfs-3g or /dev/fuse is not there"),
    .timeLimit(.minutes(3)))
struct CapturedHivesTests {
    // Captures by their place below Windows\System32\config.
    private func disk(_ captures: [String: String], state: String? = nil) async throws -> Image {
        var content = WindowsContent()
        if let state { content.seal(state) }
        for (place, capture) in captures {
            content.files["Windows/System32/config/\(place)"] = try Vectors.unpacked("hives/\(capture).xz")
        }
        return try await WindowsDisk.make(content)
    }

    @Test("a hive with its logs is read as its machine would have, and use is told by logons and people's hives")
    func used() async throws {
        let image = try await disk([
            "SYSTEM": "regipy__SYSTEM_B", "SYSTEM.LOG1": "regipy__SYSTEM_B.LOG1",
            "SYSTEM.LOG2": "regipy__SYSTEM_B.LOG2", "SAM": "regipy__SAM", "SECURITY": "regipy__SECURITY",
            "SOFTWARE": "synth__SOFTWARE-complete-used", "../../../Users/Preston/NTUSER.DAT": "regipy__NTUSER.DAT",
        ])
        let outcome = try await Outcome.inspecting(image)
        #expect(outcome.status == 20)
        #expect(outcome.contents["hostName"] as? String == "DESKTOP-PM6C56D")
        #expect((outcome.contents["users"] as? [String])?.contains("Preston") == true)
        // After SYSTEM's own last shutdown: somebody's hive is younger.
        #expect((outcome.contents["lastUsed"] as? Int).map { $0 >= 1_522_187_128 } == true, "\(outcome.text)")
        let expected: Set = ["W1", "W2", "W3", "W4", "W5", "W9", "W16", "W17", "W18"]
        #expect(outcome.indicators.isSuperset(of: expected), "\(outcome.indicators.sorted())")
        // SECURITY was not closed either, and its log is not among the captures.
        #expect(outcome.indicators.contains("W19") && outcome.text.contains("SECURITY"))
    }

    @Test("each captured SYSTEM names its machine; a damaged one names nobody and is told of")
    func systems() async throws {
        let hosts = [
            ("regipy__SYSTEM", "WKS-WIN732BITA", "shieldbase.local"), ("regipy__SYSTEM_2", "sensei", nil),
            ("regipy__SYSTEM_WIN_10_1709", "DESKTOP-2KGM189", nil),
            ("synth__SYSTEM-domain-joined", "LAB-PC-042", "ad.example.org"),
            ("regipy__corrupted_system_hive", nil, nil),
        ]
        for (capture, host, domain) in hosts {
            let outcome = try await Outcome.inspecting(disk(["SYSTEM": capture]))
            #expect(outcome.contents["hostName"] as? String == host, "\(capture)")
            #expect(outcome.contents["domain"] as? String == domain, "\(capture)")
            #expect(outcome.indicators.contains("W6") == (domain != nil), "\(capture)")
            // Those whose logs are missing are as little proved as the damaged one.
            let isWhole = ["regipy__SYSTEM", "synth__SYSTEM-domain-joined"].contains(capture)
            #expect(outcome.indicators.contains("W19") == !isWhole, "\(capture)")
            #expect(outcome.status == (host == nil ? 21 : 20), "\(capture)")
        }
    }

    @Test("an image that was specialised is a factory image for a calibrated vendor only", arguments: [false, true])
    func policy(isTrusted: Bool) async throws {
        var policy = FactoryPolicy()
        policy.trustsSpecialized = isTrusted
        let image = try await disk(
            ["SOFTWARE": "synth__SOFTWARE-specialize-oobe", "SYSTEM": "synth__SYSTEM-oobe-pending"],
            state: "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")
        let volume = WindowsDisk.volume
        let disk = try Disk(image.path)
        let contents = try readVolume(disk.descriptor, type: "ntfs", extent: volume, policy: policy)
        #expect(contents.factory?.contains(.imageStateAgrees) == isTrusted)
        #expect(contents.factory?.contains(.setupPending) == true)
    }
}
