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
        /// Some bytes of an answer come, and then a reset.
        case torn([UInt8])
        /// A head, and then a piece again and again, with a pause, until the client has enough of it.
        case flood(head: [UInt8], piece: [UInt8], pause: Double)
        /// The same, so many seconds later.
        indirect case late(Double, Delivery)
    }

    struct State: Sendable {
        var firmware: SimulatedFirmware
        var requests = 0
        /// Requests that carried credentials; holds and mishaps count these.
        var authorized = 0
        var handshakes = 0
        var hellos = 0
        var hostFaults = HostFaults()
        var mishaps: [Mishap] = []
        var holds: [Mishap] = []
        var held: Held?
        var heldWaiters: [CheckedContinuation<String, Never>] = []
        var presentsWrongCertificate = false
        var latency: Latency?
        var kerberos: KerberosGate?
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
    private let ownIdentity: OwnIdentity
    private let keys: KeyPool
    private let devices = Mutex<[@Sendable () -> Void]>([])
    private let watchers = Mutex<[@Sendable () -> Void]>([])
    private let listeners = Mutex<[@Sendable (UInt64?) -> Void]>([])
    private let keepers = Mutex<[@Sendable (SimulatedFirmware) -> Void]>([])

    init(
        _ firmware: SimulatedFirmware, identity: OwnIdentity, keys: KeyPool, log: RequestLog?,
        clock: @escaping @Sendable () -> Double
    ) {
        state = Mutex(State(firmware: firmware))
        ownIdentity = identity
        self.keys = keys
        self.clock = clock
        self.log = log
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

    /// Every connection goes.
    func restartNetwork() { restart(nil) }

    /// Power goes and comes back.
    func powerCut() {
        with { $0.firmware.powerCut() }
        restart(nil)
    }

    /// What port 16993 presents now, as DER.
    ///
    /// - Parameter toHost: Whether the host asks, and not the network.
    /// - Returns: The certificate, those that follow it, and its key.
    /// - Throws: Where no certificate can be made.
    func servedIdentity(toHost: Bool = false) throws -> (certificate: [UInt8], issuers: [[UInt8]], key: RSAKey) {
        let own = try ownIdentity.get()
        return with { state in
            if state.presentsWrongCertificate { return (own.certificate, own.issuers, own.key) }
            return state.firmware.servedIdentity(selfSigned: own, toHost: toHost)
        }
    }

    /// Told after each answered request that may have changed something, outside of the lock.
    func onChange(_ body: @escaping @Sendable (SimulatedFirmware) -> Void) { keepers.withLock { $0.append(body) } }

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
        let makesKey =
            message.body.count < 4096 && String(decoding: message.body, as: UTF8.self).contains("GenerateKeyPair<")
        let spare = makesKey ? keys.take() : nil
        var connection = connection
        // Outside of the lock: it reads the keytab.
        if let gate = with({ $0.kerberos }) { connection.principal = gate.principal(of: message) }
        let facts = connection
        let (answer, lost, hasCommitted, time) = with { state in
            if let spare { state.firmware.store.spare = spare }
            let before = state.firmware.commits
            let answer = state.firmware.exchange(message, on: facts)
            let hasCommitted = state.firmware.commits != before
            let lost = hasCommitted && state.firmware.personality.switches.commitAnswer == .lost
            return (answer, lost, hasCommitted, state.firmware.now)
        }
        log?.write(
            RequestNote(
                number: number, bytes: message.body.count, time: time, connection: connection.number, user: answer.user,
                resource: answer.resource, action: answer.action, status: answer.status,
                returnValue: answer.returnValue))
        if hasCommitted { restart(connection.number) }
        keep(answer)
        return delivery(of: answer, isLost: lost, mishap)
    }

    /// Answers one message of the host's; ports and keepers learn of what it changed.
    func answer(_ message: [UInt8], of client: HostClient) -> [[UInt8]] {
        // A certificate that cannot be made is one that cannot be announced: the firmware then says internal error.
        let own: (certificate: [UInt8], issuers: [[UInt8]], key: RSAKey)? =
            switch client {
            case .hostInterface:
                SimulatedFirmware.wantsOwnCertificate(message) ? try? servedIdentity(toHost: true) : nil
            case .platformIdentity: try? servedIdentity(toHost: true)
            default: nil
            }
        let (answers, hasRestarted) = with { state in
            let before = state.firmware.commits
            let answers =
                switch client {
                case .hostInterface: state.firmware.hostInterface(message, ownCertificate: own?.certificate)
                case .manageability: state.firmware.manageability(message)
                case .kernelInterface: state.firmware.kernelInterface(message)
                case .platformIdentity: state.firmware.platformIdentity(message, rom: own?.issuers.last)
                case .portForwarding: [[UInt8]]()
                }
            return (answers, state.firmware.commits != before)
        }
        if hasRestarted {
            restart(nil)
            changedHostSide()
        }
        let maySet =
            switch client {
            case .hostInterface: SimulatedFirmware.maySet(message)
            case .manageability: SimulatedFirmware.mayTurn(message)
            default: false
            }
        if maySet { keepNow() }
        return answers
    }

    /// Tells whoever keeps the state, unless the request only read.
    private func keep(_ answer: ExchangeAnswer) {
        guard answer.status == 200, !["Get", "Enumerate", "Pull"].contains(answer.action) else { return }
        keepNow()
    }

    private func keepNow() {
        let tellers = keepers.withLock { $0 }
        guard !tellers.isEmpty else { return }
        let firmware = with { $0.firmware }
        for tell in tellers { tell(firmware) }
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

    func vanishDevices() {
        for tell in devices.withLock({ $0 }) { tell() }
        changedHostSide()
    }

    /// Told when the host would see another state of the engine, and its clients.
    func onHostSide(_ body: @escaping @Sendable () -> Void) { watchers.withLock { $0.append(body) } }

    func changedHostSide() { for tell in watchers.withLock({ $0 }) { tell() } }

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

}
