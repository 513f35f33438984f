import AgentTestKit
import Foundation
import Testing

/// The JSON Schemas of `Documentation/schemas`, checked by Debian's python3-jsonschema.
enum Schemas {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Documentation/schemas"
    )
    .standardizedFileURL.path

    static let canBeChecked: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import jsonschema"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    static let note: Comment = "skipped: python3-jsonschema is not installed"

    /// Records an issue unless the text is JSON that fits the schema, every member of it known.
    static func check(_ text: String, _ name: String, in place: TemporaryFolder) async throws {
        guard canBeChecked else { return }
        let file = try place.write("instance-\(UInt32.random(in: 0 ... .max)).json", text)
        let program = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft7Validator.check_schema(schema)
            jsonschema.validate(json.load(open(sys.argv[2])), schema)
            """
        let ending = try await RunningProgram(
            "/usr/bin/env", ["python3", "-c", program, "\(folder)/\(name).json", file]
        ).ending()
        #expect(ending.status == 0, "\(name): \(text)\n\(ending.complaints.suffix(600))")
    }
}
