import Foundation
import RegistryHives
import TestKit
import Testing

/// The captured hives, and what other readers found in them.
enum Hives {
    struct Row: Sendable, CustomTestStringConvertible {
        var file: String
        var kind: String
        var isClean: Bool
        /// regipy's values, as JSON.
        var expected: String
        /// libhivex's own result: "ok nk=… nv=… err=0" or a refusal.
        var libhivex: String

        var testDescription: String { file }
    }

    static let arePresent = Vectors.areUnpackable
    static let note: Comment = "skipped: ../shared/vectors/hives is not beside this checkout, or xz is not installed"

    static let index: [Row] = {
        guard arePresent, let text = try? Vectors.text("hives/INDEX.tsv") else { return [] }
        return text.split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Row(
                file: cells[0], kind: cells[1], isClean: cells[4] == "clean", expected: cells[6], libhivex: cells[7])
        }
    }()

    /// Hives alone, without their logs.
    static let primaries = index.filter { !$0.kind.hasPrefix("LOG") }

    static func bytes(_ file: String) throws -> [UInt8] { try Vectors.unpacked("hives/\(file)") }

    /// How many keys and values there are in all.
    static func count(_ hive: borrowing Hive) throws -> (keys: Int, values: Int) {
        var (open, keys, values) = ([hive.rootKey], 0, 0)
        while let key = open.popLast() {
            keys += 1
            values += try hive.values(of: key).count
            open += try hive.keys(below: key)
        }
        return (keys, values)
    }
}
