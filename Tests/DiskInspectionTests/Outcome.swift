import AgentTestKit
import Foundation
import Testing

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
        let object = try #require(try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        let disks = object["disks"] as? [[String: Any]] ?? []
        let parts = disks + [object["machine"] as? [String: Any] ?? [:]]
        let probes = parts.flatMap { $0["probes"] as? [[String: Any]] ?? [] }
        let evidence = probes.flatMap { $0["evidence"] as? [[String: Any]] ?? [] }
        return Outcome(
            status: Int(ending.status), volumes: disks.first?["contents"] as? [[String: Any]] ?? [],
            indicators: Set(evidence.compactMap { $0["indicator"] as? String }), text: ending.output)
    }
}
