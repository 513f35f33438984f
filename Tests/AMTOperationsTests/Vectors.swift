import Foundation
import LibXML
import Testing
import WSMan

/// The captured messages that lie beside the checkout, when they do.
enum Vectors {
    static let missing: Comment = "skipped: the captures are not at ../shared/vectors beside the checkout"
    static var present: Bool { !index.isEmpty }

    private static let folder: URL = {
        var folder = URL(filePath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.appending(path: "shared/vectors/wsman")
    }()

    /// A line of the index: where the file is and which class it shows.
    struct Entry: Sendable, CustomStringConvertible {
        let path: String
        let kind: String
        var description: String { path }
    }

    static let index: [Entry] = {
        guard let text = try? String(contentsOf: folder.appending(path: "INDEX.tsv"), encoding: .utf8) else {
            return []
        }
        return text.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Entry(path: String(fields[0]), kind: fields.count > 1 ? String(fields[1]) : "")
        }
    }()

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }

    /// The body of a captured answer, read as the answer to the message that it names.
    static func body(_ path: String) throws -> XMLElement? { try answer(try bytes(path)) }

    static func answer(_ bytes: [UInt8]) throws -> XMLElement? {
        let related = try parseXML(bytes)["Header"]?["RelatesTo"]?.text
        return try Envelope.answer(bytes, to: try #require(related.flatMap { UInt64($0) }))
    }
}
