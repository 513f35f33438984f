import AMTHI
import AgentCore
import Testing
import Vocabulary
import Wire

let trueName = hostname("pc2.example.com")
let nonce = hostname("nonce-1.example.com")
let waiting = Failure(.serverUnreachable, "connection refused", remedy: .wait)
let refusal = Failure(.serverRefused, "the token is used up")

/// A name written out in a test.
func hostname(_ text: String) -> Hostname {
    do throws(Hostname.Flaw) { return try Hostname(text) } catch { fatalError("\(text): \(error)") }
}

func follow(_ echo: HostNameEcho?) -> Directive { Directive(verdict: .follow, message: "", job: "7", echo: echo) }

func told(_ state: JobProgress.State, seen: Bool? = nil) -> JobProgress {
    JobProgress(
        job: "7", kind: "rename", state: state, steps: [], echo: seen.map { HostNameEcho(name: nonce, seen: $0) },
        message: "as told", hint: "ask")
}

func facts(_ name: String) -> FirmwareFacts {
    FirmwareFacts(
        provisioningState: .post, controlMode: .admin,
        name: .success(
            .init(
                shared: true, dnsUpdateEnabled: false, dnsUpdateMinutes: 0, dnsTTLSeconds: 0, hostNameLength: 3,
                name: name)))
}

@Suite("What sync does next")
struct SyncMachineTests {
    private func after(_ events: [SyncMachine.Event], restoringDue: Bool = false) -> [SyncMachine.Action] {
        var machine = SyncMachine(trueName: trueName, restoringDue: restoringDue)
        return [machine.start().action] + events.map { machine.handle($0).action }
    }

    private func outcome(_ actions: [SyncMachine.Action]) throws -> SyncOutcome {
        guard case .finish(let outcome) = actions.last else { throw Unfinished(actions: actions) }
        return outcome
    }

    struct Unfinished: Error { let actions: [SyncMachine.Action] }

    @Test("is writing the proof again when the server has seen another name, once for each time")
    func missedEcho() throws {
        var missed = told(.waiting, seen: false)
        missed.echo?.missed = 1
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: false, missed: 0))), .wrote, .announced,
            .progressed(missed), .wrote, .announced, .progressed(missed), .progressed(told(.running, seen: true)),
        ])
        #expect(
            actions == [
                .sendReport, .writeEcho(nonce), .announceWritten(job: "7"), .poll(job: "7"), .writeEcho(nonce),
                .announceWritten(job: "7"), .poll(job: "7"), .poll(job: "7"), .writeTrueName,
            ])
    }

    @Test("is: report, prove, follow, read again")
    func wholeStory() throws {
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: false))), .wrote, .announced,
            .progressed(told(.running, seen: false)), .progressed(told(.running, seen: true)), .wrote,
            .announced, .progressed(told(.running, seen: true)), .progressed(told(.done, seen: true)),
            .firmwareRead(.success(facts("pc2.example.com"))),
        ])
        #expect(
            actions.dropLast() == [
                .sendReport, .writeEcho(nonce), .announceWritten(job: "7"), .poll(job: "7"), .poll(job: "7"),
                .writeTrueName, .announceRestored(job: "7"), .poll(job: "7"), .poll(job: "7"), .readFirmware,
            ])
        #expect(try outcome(actions).exitStatus == .match)
        #expect(try outcome(actions).failure == nil)
    }

    @Test("ends at once when the server says that all is well, or that a person must decide")
    func nothingToDo() throws {
        let inSync = try outcome(after([.directed(Directive(verdict: .inSync, message: "equal"))]))
        #expect(inSync.exitStatus == .match)
        let held = try outcome(after([.directed(Directive(verdict: .held, message: "twins"))]))
        #expect(held.exitStatus == .jobHeld)
        #expect(held.failure?.message == "twins")
    }

    @Test("follows a job without proof when none is asked for")
    func noEcho() throws {
        let actions = after([
            .directed(follow(nil)), .progressed(told(.queued)), .progressed(told(.done)),
            .firmwareRead(.success(facts("pc2.example.com"))),
        ])
        #expect(actions.dropLast() == [.sendReport, .poll(job: "7"), .poll(job: "7"), .readFirmware])
    }

    @Test("joins a job whose proof was seen already by writing the true name back")
    func joins() {
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: true))), .wrote, .announced,
            .progressed(told(.running, seen: true)),
        ])
        #expect(
            actions == [.sendReport, .writeTrueName, .announceRestored(job: "7"), .poll(job: "7"), .poll(job: "7")])
    }

    @Test("writes a name that the job asks for only later")
    func lateEcho() {
        let actions = after([.directed(follow(nil)), .progressed(told(.running, seen: false))])
        #expect(actions.last == .writeEcho(nonce))
    }

    @Test("writes the true name before anything else when an earlier run was cut off")
    func restoringDue() {
        #expect(after([.wrote], restoringDue: true) == [.writeTrueName, .sendReport])
    }

    @Test("tries the same again, after a pause, while the server cannot be reached")
    func unreachable() {
        var machine = SyncMachine(trueName: trueName, restoringDue: false)
        _ = machine.start()
        #expect(machine.handle(.serverFailed(waiting)) == .init(action: .sendReport, afterPause: true))
        _ = machine.handle(.directed(follow(nil)))
        #expect(machine.handle(.serverFailed(waiting)) == .init(action: .poll(job: "7"), afterPause: true))
    }

    @Test("ends with what kept it when the time is over")
    func timedOut() throws {
        let unreached = try outcome(after([.serverFailed(waiting), .timedOut]))
        #expect(unreached.exitStatus == .serverUnreachable)
        #expect(unreached.failure?.message.contains("connection refused") == true)
        let slow = try outcome(after([.directed(follow(nil)), .timedOut]))
        #expect(slow.exitStatus == .serverUnreachable)
        #expect(slow.failure?.message.contains("job 7") == true)
    }

    @Test(
        "restores the true name before it ends for whatever reason",
        arguments: [
            SyncMachine.Event.serverFailed(refusal), .interrupted(signal: 15), .timedOut,
            .progressed(told(.failed)),
            .progressed(told(.held)), .progressed(told(.done)),
        ])
    func restores(event: SyncMachine.Event) {
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: false))), .wrote, .announced, event,
        ])
        #expect(actions.last == .writeTrueName)
    }

    @Test("lets a write end before it ends itself")
    func interruptedWhileWriting() throws {
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: false))), .interrupted(signal: 2), .wrote, .wrote,
        ])
        #expect(actions.dropLast() == [.sendReport, .writeEcho(nonce), .wait, .writeTrueName])
        #expect(try outcome(actions).exitStatus == ExitStatus(rawValue: 130))
    }

    @Test("says so when the true name cannot be written back, after three tries")
    func leftBehind() throws {
        let silent = Failure(.deviceSilent, "silent")
        let actions = after([
            .directed(follow(HostNameEcho(name: nonce, seen: false))), .writeFailed(silent), .writeFailed(silent),
            .writeFailed(silent), .writeFailed(silent),
        ])
        #expect(actions.dropLast() == [.sendReport, .writeEcho(nonce), .writeTrueName, .writeTrueName, .writeTrueName])
        #expect(try outcome(actions).nameLeftBehind == silent)
        #expect(try outcome(actions).exitStatus == .unreadable)
    }

    @Test("a job that is done proves nothing while the firmware itself says another name")
    func proofFailed() throws {
        for (read, status) in [
            (Result<FirmwareFacts, Failure>.success(facts("pc1.example.com")), ExitStatus.jobFailed),
            (.success(facts("")), .jobFailed), (.failure(Failure(.deviceSilent, "silent")), .unreadable),
        ] {
            let end = try outcome(after([.directed(follow(nil)), .progressed(told(.done)), .firmwareRead(read)]))
            #expect(end.exitStatus == status)
            #expect(end.failure?.message.isEmpty == false)
        }
    }

    @Test("a job that failed or is held ends with the server's words")
    func badEnds() throws {
        for (state, status) in [(JobProgress.State.failed, ExitStatus.jobFailed), (.held, .jobHeld)] {
            let end = try outcome(
                after([
                    .directed(follow(nil)), .progressed(told(state)),
                    .firmwareRead(.success(facts("pc1.example.com"))),
                ]))
            #expect(end.exitStatus == status)
            #expect(end.failure?.message.contains("as told") == true)
            #expect(end.failure?.hint == "ask")
        }
    }

    @Test("a job without a name is an answer that cannot be read")
    func namelessJob() throws {
        let end = try outcome(after([.directed(Directive(verdict: .follow, message: ""))]))
        #expect(end.exitStatus == .badData)
    }
}
