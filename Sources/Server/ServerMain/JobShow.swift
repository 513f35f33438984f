import ArgumentParser
import Foundation
import Jobs
import Provisioning
import Vocabulary

/// `jobs show`: one job, as a page that a person can act on.
struct ShowJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One job: names before and after, its timeline, and what to do next.")
    @OptionGroup var folder: FolderOption
    @Argument(help: "The job's number.") var job: String
    @Flag(help: "The page as JSON.") var json = false
    @Flag(help: "The page as one HTML file, for a browser or a mail.") var html = false

    func validate() throws {
        if json, html { throw ValidationError("--json and --html exclude each other") }
    }

    func run() async throws {
        let console = Console(folder: folder.value)
        if json { return print(String(decoding: try await console.ask(["jobs", job]), as: UTF8.self)) }
        let sheet = JobSheet(try await console.ask(JobPage.self, ["jobs", job]))
        print(html ? sheet.html : sheet.text)
    }
}

/// What both forms of a job's page say, in their order.
struct JobSheet {
    private let title: String
    private let facts: [(name: String, value: String)]
    private let rows: [Row]
    private let length: Double

    private struct Row {
        var time: Double
        var seconds: Double
        var step: String
        var event: String
        var kind: Kind

        enum Kind: String { case begins, request, done, setback, word }
    }

    init(_ page: JobPage) {
        let job = page.job
        title = "job \(job.id): \(job.kind.rawValue) of \(job.machine), \(job.state.rawValue)"
        var facts: [(name: String, value: String)] = []
        if page.formerName != nil || page.name != nil {
            facts.append(("name before", page.formerName ?? "-"))
            facts.append((job.state == .done ? "name now" : "name wanted", page.name ?? "-"))
        }
        if let route = page.route { facts.append(("why this way", route)) }
        facts.append(("created", timeText(job.created)))
        if let ended = job.ended { facts.append(("ended", timeText(ended))) }
        if job.state == .waiting { facts.append(("tried again", timeText(job.due))) }
        if let credential = page.credential {
            let user = credential.user ?? "our provisioning certificate"
            facts.append(("last let in", "\(user), \(timeText(credential.time)), for \(credential.title)"))
        }
        if let board = page.board {
            let (key, version) = (board.key.prefix(16), board.firmwareVersion)
            facts.append(("board signed", "key \(key)…, firmware \(version), its fields written \(board.layout)"))
        }
        if let failure = job.failure { facts.append(("what happened", failure.message)) }
        facts.append(("what to do", page.nextAction))
        self.facts = facts
        rows = page.lines.flatMap { Self.rows(of: $0, since: job.created) }
        length = rows.map { $0.time + $0.seconds }.max() ?? 0
    }

    private static func rows(of line: JournalLine, since begin: Double) -> [Row] {
        let requests = line.requests.map { request in
            Row(
                time: request.time - begin, seconds: request.seconds, step: "",
                event: "\(request.result)  \(request.title)" + (request.user.map { " as \($0)" } ?? "")
                    + (request.opened ? ", new connection" : ""),
                kind: .request)
        }
        let (step, what, kind): (String, String, Row.Kind) =
            switch line.event {
            case .began(let name): (name.rawValue, "begins", .begins)
            case .succeeded(let name, _): (name.rawValue, "done", .done)
            case .failed(let name, let failure): (name.rawValue, "failed: \(failure)", .setback)
            case .retried: ("-", "a person lets it go on", .word)
            case .cancelled(let reason): ("-", "a person cancels it: \(reason)", .word)
            case .decided(let approved, let reason):
                ("-", "a person \(approved ? "approves" : "rejects") it: \(reason)", .word)
            }
        return requests + [Row(time: line.time - begin, seconds: 0, step: step, event: what, kind: kind)]
    }

    var text: String {
        var parts = [title + "\n" + table(facts.map { ["  " + $0.name, $0.value] })]
        if !rows.isEmpty {
            parts.append(
                table(
                    [["ELAPSED", "TOOK", "STEP", "EVENT"]]
                        + rows.map {
                            [
                                String(format: "%9.3f s", $0.time),
                                $0.kind == .request ? String(format: "%.0f ms", $0.seconds * 1000) : "", $0.step,
                                $0.event,
                            ]
                        }))
        }
        return parts.joined(separator: "\n\n")
    }

    /// One file without scripts, other files or addresses: it can be kept, mailed and opened anywhere.
    var html: String {
        let facts = facts.map { "<tr><th>\(escaped($0.name))</th><td>\(escaped($0.value))</td></tr>" }
        let rows = rows.map { row in
            let (left, width) =
                length > 0 ? (row.time / length * 100, max(row.seconds / length * 100, 0.4)) : (0, 0)
            return """
                <tr class="\(row.kind.rawValue)"><td class="n">\(String(format: "%.3f s", row.time))</td>\
                <td class="n">\(row.kind == .request ? String(format: "%.0f ms", row.seconds * 1000) : "")</td>\
                <td>\(escaped(row.step))</td><td>\(escaped(row.event))</td>\
                <td class="bar"><i style="left:\(String(format: "%.2f", left))%;\
                width:\(String(format: "%.2f", width))%"></i></td></tr>
                """
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(escaped(title))</title>
            <style>\(Self.style)</style></head><body>
            <h1>\(escaped(title))</h1>
            <table class="facts">
            \(facts.joined(separator: "\n"))
            </table>
            <table class="timeline">
            <tr><th>elapsed</th><th>took</th><th>step</th><th>event</th><th></th></tr>
            \(rows.joined(separator: "\n"))
            </table></body></html>
            """
    }

    private static let style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#222}h1{font-size:1.3rem}\
        table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;padding:.15rem .8rem .15rem 0;\
        vertical-align:top}.facts th{font-weight:600;white-space:nowrap}.timeline td{border-top:1px solid #eee}\
        .n{font-variant-numeric:tabular-nums;white-space:nowrap;text-align:right}.request{color:#666}\
        .setback td{color:#a40000;font-weight:600}.done td{color:#1a6b1a}.bar{position:relative;width:16rem}\
        .bar i{position:absolute;top:.35rem;height:.7rem;background:#4a78b5}
        """
}

/// Text that a browser shows and does not read: firmware and agents chose some of it.
private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}
