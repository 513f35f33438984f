package import Foundation
package import Testing

/// The captured bytes beside the checkout, where there are any.
///
/// They are not part of the project: who cloned only that sees these tests skipped, and says so.
package enum Vectors {
    package static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../../shared/vectors").standardizedFileURL

    package static let arePresent = FileManager.default.fileExists(atPath: folder.path(percentEncoded: false))
    package static let note: Comment = "skipped: the captured vectors are not beside this checkout (../shared/vectors)"

    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }
    package static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }
}
