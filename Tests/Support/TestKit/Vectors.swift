import AgentTestKit
package import Foundation
import Glibc
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

    /// Of a file that ends in `.xz`, as it was before it was packed.
    package static func unpacked(_ path: String) throws -> [UInt8] {
        // Not Foundation's Process: it may miss the end of its child, and then waits for ever, beside exit tests.
        let xz = try RunningProgram("/usr/bin/xz", ["-dc", folder.appending(path: path).path(percentEncoded: false)])
        let bytes = FileHandle(fileDescriptor: xz.output, closeOnDealloc: true).readDataToEndOfFile()
        close(xz.pipes[1])
        try #require(xz.reap() == 0)
        return Array(bytes)
    }
    /// Whether those can be unpacked here.
    package static let areUnpackable = arePresent && FileManager.default.isExecutableFile(atPath: "/usr/bin/xz")

    package static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }
}
