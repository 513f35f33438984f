import AgentTestKit
import FoundationEssentials
import Glibc
import Synchronization
import Vocabulary
import Wire

let nonce = "nonce-1.example.com"
let trueName = "pc2.example.com"

/// A server that renames the machine once it has seen its proof.
final class RenamingServer: Sendable {
    private struct State: Sendable {
        var written = false
        var restored = false
    }

    private let state = Mutex(State())
    let folder: TemporaryFolder
    let firmware: SocketFirmware
    /// Said in place of the answer to a request.
    private let objection: @Sendable (TLSServer.Request) -> (status: Int, body: String)?
    private let end: JobProgress.State?

    init(
        in folder: TemporaryFolder, end: JobProgress.State? = .done,
        objection: @escaping @Sendable (TLSServer.Request) -> (status: Int, body: String)? = { _ in nil }
    ) throws {
        self.folder = folder
        firmware = try SocketFirmware(in: folder)
        self.end = end
        self.objection = objection
    }

    func answer(_ request: TLSServer.Request) -> (status: Int, body: String) {
        if let answer = objection(request) { return answer }
        switch request.path {
        case Wire.reportsPath:
            return json(Directive(verdict: .follow, message: "a rename is due", job: "7", echo: echo))
        case Wire.echoWrittenPath("7"):
            state.withLock { $0.written = firmware.firmware.hostNames.last == nonce }
            return (204, "")
        case Wire.echoRestoredPath("7"):
            state.withLock { $0.restored = firmware.firmware.hostNames.last == trueName }
            if end == .done { firmware.change { $0.name = trueName } }
            return (204, "")
        case Wire.certificatesPath: return (404, "")
        default:
            let state = state.withLock { $0 }
            let now = end.flatMap { state.restored ? $0 : nil } ?? .running
            let steps = ["prove", "rename"].enumerated().map { index, name in
                JobProgress.Step(
                    name: name,
                    state: index == 0 ? (state.restored ? "done" : "running") : now.isFinal ? "done" : "pending")
            }
            return json(
                JobProgress(
                    job: "7", kind: "rename", state: now, steps: steps, echo: echo, message: "renaming",
                    hint: now == .failed ? "look at the switch" : nil))
        }
    }

    private var echo: HostNameEcho? {
        guard let name = try? Hostname(nonce) else { return nil }
        return HostNameEcho(name: name, seen: state.withLock { $0.written })
    }

    private func json(_ value: some Encodable) -> (status: Int, body: String) {
        guard let data = try? JSONEncoder().encode(value) else { return (500, "") }
        return (200, String(decoding: data, as: UTF8.self))
    }
}
