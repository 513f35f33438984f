import DiskInspection
import DiskTestKit
import Foundation
import TestKit
import Testing

/// Every row of the table of worked cases (section 4.5 of the reference on prior installations), in its order, by the whole
/// program.
///
/// Details are elsewhere; here no row can be forgotten, since the table itself is held against the list.
@Suite("Worked cases by number", .timeLimit(.minutes(5)))
struct NumberedCaseTests {
    @Test("has the verdict of the table, for the reason that the table gives", arguments: WorkedCase.all)
    func row(row: WorkedCase) async throws {
        guard row.isPossible else {
            print("case \(row.number), \(row.words): \(row.needsWindows ? WindowsDisk.note : Tool.note)")
            return
        }
        let outcome = try await row.outcome()
        #expect(outcome.status == Int(row.verdict.exitStatus), "\(outcome.text)")
        if let indicator = row.indicator {
            #expect(outcome.indicators.contains(indicator), "\(outcome.indicators.sorted())")
        }
    }

    @Test(
        "the list has every row of the table, with its verdict",
        .enabled(if: Self.tableIsThere, "skipped: ../shared/reference is not beside this checkout"))
    func table() throws {
        let rows = try Self.rows()
        #expect(rows.count == 22)
        let numbers = WorkedCase.all.map(\.number)
        #expect(Set(numbers) == Set(1...rows.count))
        for row in WorkedCase.all {
            let (words, expected) = rows[row.number - 1]
            #expect(row.words.hasPrefix(words), "\(row.number)")
            // "UNKNOWN, or FACTORY if vendor calibrated" is one row with two cases.
            #expect(expected.lowercased().contains(row.verdict.word), "\(row.number): \(expected)")
        }
    }

    private static let reference = Vectors.folder.appending(path: "../reference/prior-install-indicators.md")
    private static let tableIsThere = FileManager.default.fileExists(atPath: reference.path(percentEncoded: false))

    /// Each row's words, and what is expected.
    private static func rows() throws -> [(words: String, expected: String)] {
        let text = try String(contentsOf: reference, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .drop { !$0.hasPrefix("### 4.5") }.dropFirst().prefix { !$0.hasPrefix("#") }
        return lines.filter { $0.hasPrefix("| ") }.dropFirst().map { line in
            let cells = line.split(separator: "|").map { String($0).trimmingCharacters(in: .whitespaces) }
            return (cells[0], cells[1])
        }
    }
}
