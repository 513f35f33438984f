import Foundation
import Testing

/// Lists that people read are kept complete.
@Suite("Catalogues")
struct CatalogueTests {
    private static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test("every failure code is explained, and none that does not exist")
    func failures() throws {
        let codes = Set(
            try Self.text("Sources/Shared/Vocabulary/FailureCodes.swift").matches(of: /Self = "([^"]+)"/).map { $0.1 })
        let explained = Set(try Self.text("Documentation/failures.md").matches(of: /\| `([a-z.-]+)` \|/).map { $0.1 })
        #expect(codes.count > 40)
        #expect(codes.subtracting(explained).isEmpty)
        #expect(explained.subtracting(codes).isEmpty)
    }

    @Test("every step of a job is in its table")
    func steps() throws {
        let names = try ["Steps", "Kinds"].flatMap { folder -> [Substring] in
            let path = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Sources/Server/Provisioning/\(folder)").standardizedFileURL
            return try FileManager.default.contentsOfDirectory(at: path, includingPropertiesForKeys: nil).flatMap {
                try String(contentsOf: $0, encoding: .utf8).matches(of: /let name: StepName = "([^"]+)"/).map { $0.1 }
            }
        }
        let page = try Self.text("Documentation/jobs.md")
        #expect(names.count >= 15)
        for name in names { #expect(page.contains("| \(name) |"), "\(name)") }
    }
}
