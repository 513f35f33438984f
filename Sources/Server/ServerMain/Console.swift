import ArgumentParser
import CurlClient
import Foundation
import Vocabulary
import Wire

/// The command line's way to a running server.
struct Console {
    let folder: ServerFolder

    /// Asks and reads the answer's JSON.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/serverNotRunning`` when nobody listens, or the server's own words.
    func ask<Value: Decodable>(_ type: Value.Type, _ verb: [String]) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await ask(verb)))
    }

    func ask(_ verb: [String]) async throws -> [UInt8] {
        guard !verb.contains("") else { throw ValidationError("An argument is empty.") }
        let client = try CurlClient()
        defer { client.close() }
        return try await ask(verb, by: client)
    }

    /// Asks for a list in pages, so that neither end has all of it in memory.
    ///
    /// - Parameters:
    ///   - list: Its verb.
    ///   - type: What a line is read as.
    ///   - key: After which line the next page begins.
    ///   - body: Given each page as JSON and as lines; the first even when it is empty.
    /// - Throws: As ``ask(_:_:)``, and what `body` throws.
    func pages<Line: Decodable>(
        of list: String, _ type: Line.Type, key: (Line) -> String, _ body: ([UInt8], [Line]) throws -> Void
    ) async throws {
        let client = try CurlClient()
        defer { client.close() }
        var (verb, isFirst) = ([list, "page"], true)
        while true {
            let bytes = try await ask(verb, by: client)
            let lines = try JSONDecoder().decode([Line].self, from: Data(bytes))
            if isFirst || !lines.isEmpty { try body(bytes, lines) }
            guard let last = lines.last else { return }
            (verb, isFirst) = ([list, "page", key(last)], false)
        }
    }

    /// Prints the JSON of a list.
    func printJSON<Line: Decodable>(of list: String, _ type: Line.Type, key: (Line) -> String) async throws {
        var head = "["
        try await pages(of: list, type, key: key) { bytes, _ in
            try FileHandle.standardOutput.write(contentsOf: Data(head.utf8) + bytes.dropFirst().dropLast())
            head = ","
        }
        try FileHandle.standardOutput.write(contentsOf: Data("]\n".utf8))
    }

    private func ask(_ verb: [String], by client: CurlClient) async throws -> [UInt8] {
        var request = HTTPRequest(
            "POST", "http://localhost/console/\(verb.map(escaped(forPath:)).joined(separator: "/"))", trust: .setUpPeer)
        request.unixSocket = folder.console
        // Exports and collections have kilobytes of each machine; our own server is believed about how many there are.
        request.answerLimit = 4 << 30
        request.timeout = .seconds(600)
        let answer: HTTPAnswer
        do throws(CurlFault) { answer = try await client.send(request) } catch {
            guard case .notConnected = error else {
                throw Failure(
                    .serverNotRunning, "the server on \(folder.console) gave no whole answer: \(error)",
                    hint: "Look at the server's log: it may have been stopped meanwhile. Then ask again.")
            }
            throw Failure(
                .serverNotRunning, "no server answers on \(folder.console): \(error)",
                hint: "Start it with `namesake-server serve --folder \(folder.path)`, and ask as its owner.")
        }
        if answer.status != 200 {
            let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body))
            throw Failure(Failure.Code(rawValue: problem.code), problem.message, hint: problem.hint)
        }
        return answer.body
    }
}

/// One word of a path, whatever a person has written: a slash, a blank or two dots are part of the word.
private func escaped(forPath word: String) -> String {
    let plain = word.allSatisfy { $0 == "." } ? "" : "."
    return word.utf8.map { byte in
        let character = Character(Unicode.Scalar(byte))
        let stays = character.isASCII && (character.isLetter || character.isNumber || "-:\(plain)".contains(character))
        return stays ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}

/// Lines up columns; the first row is the head.
func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
}

func timeText(_ seconds: Double?) -> String {
    guard let seconds else { return "-" }
    return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
}
