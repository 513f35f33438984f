import AgentTestKit
import Foundation
import Testing

/// The JSON Schemas of `Documentation/schemas`, checked by Debian's python3-jsonschema.
enum Schemas {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Documentation/schemas"
    )
    .standardizedFileURL.path

    private static let checker = Task {
        // A program that cannot be started checks nothing either.
        try? await RunningProgram("/usr/bin/env", ["python3", "-c", "import jsonschema"]).ending()
    }

    static var canBeChecked: Bool { get async { await checker.value?.status == 0 } }

    static let note: Comment = "skipped: python3-jsonschema is not installed"

    /// Records an issue unless the text is JSON that fits the schema, every member of it known.
    static func check(_ text: String, _ name: String, in place: TemporaryFolder) async throws {
        guard await canBeChecked else { return }
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
