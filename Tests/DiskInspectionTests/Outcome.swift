import AgentTestKit
import DiskInspection
import DiskTestKit
import Foundation
import Testing
import VolumeReading

/// What `inspect --json` says of one image or more.
struct Outcome {
    var status: Int
    /// Of the first disk: its volumes' contents.
    var volumes: [[String: Any]]
    /// Of all disks and what is no disk's.
    var indicators: Set<String>
    var text: String

    /// The first volume of NTFS.
    var contents: [String: Any] { volumes.first { $0["type"] as? String == "ntfs" } ?? [:] }

    /// Runs the program, and holds that its answer fits the schema and that the images are as before.
    static func inspecting(_ images: Image..., options: [String] = []) async throws -> Outcome {
        var before: [String] = []
        for image in images { before.append(try await image.digest()) }
        let ending = try await InspectTests.inspect(["--json"] + options + images.map(\.path))
        var after: [String] = []
        for image in images { after.append(try await image.digest()) }
        #expect(after == before, "an image was changed")
        try await InspectTests.checkSchema(ending.output, in: try TemporaryFolder())
        return try Outcome(ending)
    }
}

extension Outcome {
    /// From what the program printed.
    init(_ ending: RunningProgram.Ending) throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        let disks = object["disks"] as? [[String: Any]] ?? []
        let machine = object["machine"] as? [[String: Any]] ?? []
        let probes = machine + disks.flatMap { $0["probes"] as? [[String: Any]] ?? [] }
        let evidence = probes.flatMap { $0["evidence"] as? [[String: Any]] ?? [] }
        self.init(
            status: Int(ending.status), volumes: disks.first?["contents"] as? [[String: Any]] ?? [],
            indicators: Set(evidence.compactMap { $0["indicator"] as? String }), text: ending.output)
    }

    /// From what the rooms found, where the program cannot be asked.
    init(of report: DiskReport) {
        self.init(
            status: Int(report.ruling.verdict.exitStatus), volumes: [],
            indicators: Set(report.evidence.map(\.indicator.rawValue)),
            text: report.ruling.reasons.joined(separator: "\n"))
    }
}

extension Image {
    /// As the program does, in this process, with another policy.
    func examine(policy: FactoryPolicy) throws -> DiskReport {
        let disk = try Disk(path)
        var report = try examine()
        report.take(
            try report.readableVolumes.map {
                try readVolume(disk.descriptor, type: $0.volume.type, extent: $0.extent, policy: policy)
            }, troubles: [])
        var examination = DiskExamination()
        examination.depth = .gaps
        var generator = SeededGenerator(1)
        report.answers[.gaps] = examination.examine(disk, using: &generator).answers[.gaps]
        return report
    }
}
