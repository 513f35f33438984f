package import Vocabulary

/// A list of keys as text, a line each: PID, PPS, and where it is known the password that MEBx was given.
///
/// Commas, semicolons or tabs part the columns. A first line may name them (`pid`, `pps`, `password`; also `admin_password`,
/// `new_password`, `mebx_password`, as other consoles export them); further columns are passed over. Without one they are
/// PID, PPS, password. Blank lines and those that begin with `#` are passed over.
package struct KeyList: Sendable {
    package var keys: [PreSharedKey]

    /// Reads the whole list.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyUnfit`` or ``Failure/Code/preSharedKeyFileUnreadable``, which
    ///   names each line that is wrong, five at most, and shows no PPS.
    package init(_ text: Secret) throws(Failure) {
        keys = []
        var columns: Columns?
        var problems: [(line: Int, what: String)] = []
        // Spreadsheets put a mark before the first character.
        let content = text.revealedText.drop { $0 == "\u{FEFF}" }
        for (place, line) in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.drop { $0.isWhitespace }
            guard !line.isEmpty, line.first != "#" else { continue }
            let fields = Self.fields(line)
            guard let known = columns else {
                if let named = try Columns(named: fields) {
                    columns = named
                } else {
                    columns = Columns(pid: 0, pps: 1, password: 2)
                    Self.take(fields, Columns(pid: 0, pps: 1, password: 2), place + 1, &keys, &problems)
                }
                continue
            }
            Self.take(fields, known, place + 1, &keys, &problems)
        }
        guard problems.isEmpty else {
            let rest = problems.count > 5 ? "; and \(problems.count - 5) more" : ""
            throw Failure(
                .preSharedKeyUnfit,
                problems.prefix(5).map { "line \($0.line): \($0.what)" }.joined(separator: "; ") + rest,
                hint: "Nothing was taken. Correct the lines by the list that the keys were made with.")
        }
    }

    private struct Columns {
        var pid: Int
        var pps: Int
        var password: Int?

        init(pid: Int, pps: Int, password: Int?) {
            (self.pid, self.pps, self.password) = (pid, pps, password)
        }

        /// - Returns: `nil` when the line names no columns.
        init?(named fields: [String]) throws(Failure) {
            let names = fields.map { $0.lowercased().filter { $0.isLetter } }
            guard let pid = names.firstIndex(of: "pid") else { return nil }
            guard let pps = names.firstIndex(of: "pps") else {
                throw Failure(
                    .preSharedKeyFileUnreadable, "the list's first line names a column pid and none pps",
                    hint: "Nothing was taken. Name the columns pid, pps and password.")
            }
            let words: Set = ["password", "adminpassword", "newpassword", "mebxpassword", "newmebxpassword"]
            self.init(pid: pid, pps: pps, password: names.firstIndex(where: words.contains))
        }
    }

    private static func take(
        _ fields: [String], _ columns: Columns, _ line: Int, _ keys: inout [PreSharedKey],
        _ problems: inout [(line: Int, what: String)]
    ) {
        guard fields.count > max(columns.pid, columns.pps) else {
            problems.append((line, "there is no PPS beside the PID"))
            return
        }
        let password = columns.password.flatMap { $0 < fields.count && !fields[$0].isEmpty ? fields[$0] : nil }
        do throws(Failure) {
            keys.append(
                try PreSharedKey(
                    pid: fields[columns.pid], pps: Secret(fields[columns.pps]), password: password.map { Secret($0) }))
        } catch { problems.append((line, error.message)) }
    }

    /// A field in quotation marks may hold separators, and its own marks twice.
    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        var last: Character?
        for character in line {
            defer { last = character }
            if character == "\"" {
                if !isQuoted, last == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            } else if !isQuoted, [",", ";", "\t"].contains(character) {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields.map { field in
            String(field.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
    }

    /// The list as text, with its columns named; a password in quotation marks.
    package static func bytes(of keys: [PreSharedKey]) -> Secret {
        var text = "pid,pps,password\n"
        for key in keys {
            let password = key.password.map {
                "\"\($0.revealedText.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
            }
            text += "\(PreSharedKey.written(key.pid)),\(key.writtenPPS.revealedText),\(password ?? "")\n"
        }
        return Secret(text)
    }
}
