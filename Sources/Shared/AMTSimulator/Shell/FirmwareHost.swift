import CryptoExtras
import Foundation
import Synchronization

/// The one owner of a simulated firmware: everything from outside goes through here, one request at a time.
package final class FirmwareHost: Sendable {
    /// What happens to a request's connection.
    enum Delivery: Sendable {
        case answer([UInt8], closes: Bool)
        /// The connection goes without a byte.
        case drop
    }

    struct State: Sendable {
        var firmware: SimulatedFirmware
        var requests = 0
        /// Requests that carried credentials; holds and mishaps count these.
        var authorized = 0
        var handshakes = 0
        var hellos = 0
        var deviceBusy = 0
        var mishaps: [Mishap] = []
        var holds: [Mishap] = []
        var held: Held?
        var heldWaiters: [CheckedContinuation<String, Never>] = []
        var presentsWrongCertificate = false
    }

    /// A request that rests until it is released.
    struct Held: Sendable {
        var description: String
        var goOn: @Sendable () -> Void
        /// Lets it be lost where it is: unheard before, unanswered after.
        var lose: @Sendable () -> Void
    }

    private let state: Mutex<State>
    private let clock: @Sendable () -> Double
    private let log: RequestLog?
    private let selfSigned: SelfSigned
    private let devices = Mutex<[@Sendable () -> Void]>([])
    private let listeners = Mutex<[@Sendable (UInt64?) -> Void]>([])

    package init(
        _ firmware: SimulatedFirmware, selfSigned: SelfSigned, log: RequestLog?,
        clock: @escaping @Sendable () -> Double
    ) {
        state = Mutex(State(firmware: firmware))
        self.selfSigned = selfSigned
        self.clock = clock
        self.log = log
        makeSpareKey()
    }

    /// Reads or changes the firmware and what surrounds it.
    func with<Value: Sendable>(_ body: (inout sending State) -> Value) -> Value {
        state.withLock { state in
            state.firmware.now = clock()
            return body(&state)
        }
    }

    /// Told when the network restarts, outside of the lock, with the connection that still carries an answer.
    func onRestart(_ body: @escaping @Sendable (UInt64?) -> Void) { listeners.withLock { $0.append(body) } }

    private func restart(_ answering: UInt64?) { for tell in listeners.withLock({ $0 }) { tell(answering) } }

    /// Power goes and comes back.
    func powerCut() {
        with { $0.firmware.powerCut() }
        restart(nil)
    }

    /// What port 16993 presents now, as DER.
    func servedIdentity() -> (certificate: [UInt8], key: RSAKey) {
        with { state in
            if state.presentsWrongCertificate { return (selfSigned.certificate, selfSigned.key) }
            return state.firmware.servedIdentity(selfSigned: selfSigned)
        }
    }

    private func makeSpareKey() {
        Thread.detachNewThread { [weak self] in
            // Without a spare one the firmware makes its pair when asked.
            guard let key = try? RSAKey(keySize: .bits2048) else { return }
            self?.with { $0.firmware.store.spare = key }
        }
    }

    /// Answers a request, or holds it, or lets a mishap strike it.
    func submit(
        _ message: HTTPMessage, on connection: ConnectionFacts, deliver: @escaping @Sendable (Delivery) -> Void
    ) {
        let counts = message.header("Authorization") != nil || connection.isSetUp
        let (number, place) = with { state in
            state.requests += 1
            if counts { state.authorized += 1 }
            return (state.requests, state.authorized)
        }
        let body = String(decoding: message.body, as: UTF8.self)
        let mishap = counts ? take(\.mishaps, place, body) : nil
        let hold = counts ? take(\.holds, place, body) : nil
        let act: @Sendable () -> Void = { [self] in
            let delivery = perform(message, connection, number, mishap)
            if hold?.kind == "after" {
                rest("after request \(number)", lost: { deliver(.drop) }) { deliver(delivery) }
            } else {
                deliver(delivery)
            }
        }
        guard hold?.kind == "before" else { return act() }
        rest("before request \(number)", lost: { deliver(.drop) }, act)
    }

    private func perform(
        _ message: HTTPMessage, _ connection: ConnectionFacts, _ number: Int, _ mishap: Mishap?
    ) -> Delivery {
        if mishap?.kind == "dropBefore" { return .drop }
        if mishap?.kind == "expireNonces" { with { $0.firmware.expireNonces() } }
        let (answer, lost, hasCommitted, time) = with { state in
            let before = state.firmware.commits
            let answer = state.firmware.exchange(message, on: connection)
            let hasCommitted = state.firmware.commits != before
            let lost = hasCommitted && state.firmware.personality.switches.commitAnswer == .lost
            return (answer, lost, hasCommitted, state.firmware.now)
        }
        log?.write(
            RequestNote(
                number: number, time: time, connection: connection.number, user: answer.user,
                resource: answer.resource, action: answer.action, status: answer.status,
                returnValue: answer.returnValue))
        if hasCommitted { restart(connection.number) }
        if answer.action == "GenerateKeyPair" { makeSpareKey() }
        switch mishap?.kind {
        case "dropAfter": return .drop
        case "html": return .answer(Self.html, closes: true)
        case "garbage": return .answer([0x15, 0x03, 0x00, 0xFF, 0x00, 0x0A], closes: true)
        case "status500": return .answer(Self.error500, closes: true)
        default: return lost ? .drop : .answer(answer.bytes, closes: answer.closes)
        }
    }

    private func take(_ list: WritableKeyPath<State, [Mishap]>, _ number: Int, _ body: String) -> Mishap? {
        let keyPath = list
        return state.withLock { state in
            guard let place = state[keyPath: keyPath].firstIndex(where: { $0.strikes(number, body) }) else {
                return nil
            }
            return state[keyPath: keyPath].remove(at: place)
        }
    }

    /// Told when the ME resets: what the host had open is dead.
    func onVanish(_ body: @escaping @Sendable () -> Void) { devices.withLock { $0.append(body) } }

    func vanishDevices() { for tell in devices.withLock({ $0 }) { tell() } }

    // MARK: holding

    private func rest(
        _ description: String, lost: @escaping @Sendable () -> Void, _ goOn: @escaping @Sendable () -> Void
    ) {
        let waiters = with { state in
            state.held = Held(description: description, goOn: goOn, lose: lost)
            defer { state.heldWaiters = [] }
            return state.heldWaiters
        }
        for waiter in waiters { waiter.resume(returning: description) }
    }

    /// Returns once a request rests.
    func awaitHeld() async -> String {
        await withCheckedContinuation { continuation in
            let ready: String? = with { state in
                if let held = state.held { return held.description }
                state.heldWaiters.append(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Lets the request that rests go on, or be lost; `false` when none does.
    func release(losing: Bool) -> Bool {
        let held = with { state in
            defer { state.held = nil }
            return state.held
        }
        if losing { held?.lose() } else { held?.goOn() }
        return held != nil
    }

    private static let html = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 46\r\n\r\n<html><body><h1>It works!</h1></body></html>\r\n"
            .utf8)
    private static let error500 = Array(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .utf8)
}

/// Something that shall happen to one request, chosen by its number, its method, or the next that comes.
struct Mishap: Sendable {
    var kind: String
    var request: Int?
    /// The end of the request's action: `CommitChanges`, `Put`.
    var method: String?

    func strikes(_ number: Int, _ body: String) -> Bool {
        if let request, request != number { return false }
        if let method { return body.contains("/\(method)<") }
        return true
    }
}

/// One JSON object a line, as requests are answered; no body, no header.
package final class RequestLog: Sendable {
    private let file: Mutex<FileHandle>

    package init(path: String) throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw SimulationFault(
                "the request log \(path) cannot be written: \(String(cString: strerror(errno)))", exitCode: 73)
        }
        file = Mutex(handle)
    }

    func write(_ note: RequestNote) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(note) else { return }
        file.withLock { $0.write(line + Data([0x0A])) }
    }
}
