import AMTHI
import AgentCore
import FoundationEssentials
import Reconciliation
import Testing
import Vocabulary
import Wire

@Suite("What the programs print")
struct OutputTests {
    private func found(_ firmware: FirmwareFacts?, fault: Failure? = nil) -> Observation {
        Observation(
            device: "/dev/mei0", firmware: firmware, os: .success(OSName(name: trueName, rule: .kernel)), fault: fault)
    }

    @Test("has one word, one line and one exit status for every verdict")
    func verdicts() {
        var (pre, inside, refused, dedicated) = (facts(""), facts(""), facts(""), facts("amt.example.com"))
        pre.provisioningState = .pre
        inside.provisioningState = .in
        refused.name = .failure(.refused(command: "GetFQDN", status: .unsupported))
        dedicated.name = dedicated.name.map {
            var name = $0
            name.shared = false
            return name
        }
        let cases: [(Observation, String, Int32)] = [
            (found(facts("PC2.example.com")), "match", 0), (found(facts("pc1.example.com")), "mismatch", 10),
            (found(facts("")), "mismatch", 10), (found(pre), "unprovisioned", 11), (found(inside), "in-progress", 11),
            (found(nil, fault: Failure(.noManagementEngine(device: "/dev/mei0"))), "no-amt", 12),
            (found(nil, fault: Failure(.amtDisabled)), "no-amt", 12),
            (found(nil, fault: Failure(.busy(device: "/dev/mei0", tries: 8))), "unreadable", 13),
            (found(refused), "unreadable", 13), (found(facts("pc 1")), "unreadable", 13),
            (found(dedicated), "match", 0),
        ]
        for (observation, word, status) in cases {
            #expect(observation.verdict.word == word)
            #expect(observation.line.hasPrefix(word + ": "))
            #expect(observation.exitStatus.rawValue == status, "\(observation.line)")
            #expect(observation.table(coloured: false).hasSuffix(word))
            #expect((observation.failure != nil) == (status >= 12), "\(observation.line)")
        }
    }

    @Test("has a status for a failure of which it knows nothing, and for one to write")
    func otherFailures() {
        #expect(ExitStatus(Failure("later.not-known-yet", "")).rawValue == 70)
        #expect(ExitStatus(Failure(.enrolmentUnwritable, "")).rawValue == 77)
        #expect(ExitStatus(Failure(.notReady, "")).rawValue == 69)
    }

    @Test("asks for the operating system's name only where there is something to compare")
    func nameless() {
        var observation = found(facts("pc1.example.com"))
        observation.os = .failure(Failure(.osNameUnknown, "none"))
        #expect(observation.exitStatus == .configuration)
        observation.firmware?.provisioningState = .pre
        #expect(observation.exitStatus == .unprovisioned)
    }

    @Test("never carries a firmware's control characters to the terminal")
    func hostileName() {
        let observation = found(facts("pc\u{1B}[2J\u{202E}\n1"))
        for text in [observation.line, observation.table(coloured: false), observation.failure?.explanation ?? ""] {
            #expect(!text.contains("\u{1B}"))
            #expect(!text.contains("\u{202E}"))
        }
    }

    @Test("is JSON that other programs read back, whatever is in it")
    func json() throws {
        let nasty = "a\"b\\c\n\t\u{1B}\u{7F}ü😀/"
        let text = JSONText.object([
            .init("text", .text(nasty)), .init("list", .list([.number(-1), .boolean(true), .null])),
            .init("empty", .object([])), .init("none", .list([])),
        ]).rendered
        struct Read: Decodable, Equatable {
            var text: String
            var list: [Int?]?
        }
        let object = try JSONDecoder().decode([String: Loose].self, from: Data(text.utf8))
        #expect(object["text"] == .text(nasty))
        #expect(text.contains("\"empty\": {}"))
        #expect(!text.contains("\u{1B}"))

        let status = found(facts("pc1.example.com")).json(command: "check").rendered
        let fields = try JSONDecoder().decode([String: Loose].self, from: Data(status.utf8))
        #expect(fields["verdict"] == .text("mismatch"))
        #expect(fields["exitStatus"] == .number(10))
        #expect(fields["failure"] == .other)
    }

    enum Loose: Decodable, Equatable {
        case text(String)
        case number(Int)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }
    }
}

@Suite("The progress of a job")
struct ProgressDisplayTests {
    final class Paper {
        var text = ""
    }

    private func progress(_ running: Int) -> JobProgress {
        let steps = ["read", "install-certificate", "prove"].enumerated().map { index, name in
            JobProgress.Step(name: name, state: index < running ? "done" : index == running ? "running" : "pending")
        }
        return JobProgress(job: "7", kind: "rename", state: .running, steps: steps, echo: nil, message: "on it")
    }

    @Test("is one line for every change where nobody watches")
    func lines() {
        let paper = Paper()
        var display = ProgressDisplay(.lines, elapsed: { .seconds(12) }, write: { paper.text += $0 })
        for news in [SyncNews.progress(progress(0)), .progress(progress(0)), .tick, .progress(progress(1)), .restored] {
            display.show(news)
        }
        display.end()
        #expect(
            paper.text == """
                [12 s] job 7 step 1 of 3: read
                [12 s] job 7 step 2 of 3: install-certificate
                [12 s] proof of the machine: true name written back

                """)
    }

    @Test("is one line that is drawn again on a terminal, never wider than it")
    func redrawn() {
        let paper = Paper()
        var display = ProgressDisplay(.redrawn, elapsed: { .seconds(3) }, write: { paper.text += $0 })
        display.show(.tick)
        #expect(paper.text.isEmpty)
        display.show(.progress(progress(1)))
        display.show(.tick)
        #expect(
            paper.text
                == String(repeating: "\r\u{1B}[Kjob 7 step 2 of 3: install-certificate · 3 s", count: 2))
        paper.text = ""
        display.show(.setback(Failure(.serverUnreachable, String(repeating: "long ", count: 50))))
        #expect(paper.text.dropFirst(4).count <= 79)
        #expect(!paper.text.contains("\n"))
    }
}

@Suite("Exit statuses")
struct ExitStatusTests {
    @Test("are the documented ones for every failure that the agent can raise")
    func codes() {
        let expected: [(Failure.Code, Int32)] = [
            (.noManagementEngine, 12), (.noHostInterface, 12), (.amtDisabled, 12), (.deviceForbidden, 13),
            (.deviceBusy, 13), (.deviceVanished, 13), (.deviceSilent, 13), (.deviceAnswerUnreadable, 13),
            (.deviceRefused, 13), (.deviceFailed, 13), (.firmwareInRecovery, 13), (.serverRefused, 30),
            (.jobFailed, 31),
            (.proofFailed, 31), (.jobHeld, 32), (.serverUnreachable, 33), (.nameInvalid, 64),
            (.serverAnswerUnreadable, 65), (.serverNotTrusted, 69), (.serverFailed, 69), (.syncProgramMissing, 69),
            (.enrolmentUnreadable, 78), (.stateDirectoryUnusable, 78), (.osNameUnknown, 78),
        ]
        for (code, status) in expected { #expect(ExitStatus(Failure(code, "")).rawValue == status, "\(code.rawValue)") }
        #expect(ExitStatus(Failure("from.later", "")).rawValue == 70)
    }
}
