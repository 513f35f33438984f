package import AMTHI
import Glibc

/// Holds a conversation with a WS-Man port of the firmware through its port forwarding client (LME).
///
/// A session of its own for every conversation: firmware may drop the session with its channel. Not to be used where Intel's
/// LMS runs, which holds that client and listens on the ports itself.
///
/// - Parameters:
///   - conversation: Told when the port is open, and of what comes.
///   - address: Where the host interface was found.
///   - patience: How long to wait for what; the whole takes at most 20 s, as rpc-go allows.
/// - Throws: ``HostInterfaceFault``.
package func converseThroughPortForwarding(
    _ conversation: inout some LocalConversation, at address: DeviceAddress, patience: DevicePatience
) throws(HostInterfaceFault) {
    let link = try connect(address, patience)
    var session = LMESession(longestMessage: link.longestMessage)
    let limit = max(patience.answer, .seconds(20))
    let deadline = ContinuousClock.now + limit
    var (port, heard): (LocalPort?, Int) = (nil, 0)
    var events: [LMESession.Event] = [.send(session.greeting)]
    while true {
        var next: [LMESession.Event] = []
        func take(_ step: LocalStep) -> Bool {
            guard case .send(let bytes) = step else { return false }
            next += session.write(bytes)
            return true
        }
        for event in events {
            var goesOn = true
            switch event {
            case .send(let message):
                let outcome = link.write(message)
                guard outcome == 0 else {
                    throw .device(errno: outcome, during: "sending to the port forwarding client")
                }
            case .opened: goesOn = port.map { take(conversation.begin(on: $0)) } ?? true
            case .forwarded:
                guard port == nil, let choice = LocalPort.choice(of: session.ports) else { continue }
                port = choice
                next += session.open(port: choice.rawValue)
            case .data(let bytes):
                heard += bytes.count
                guard heard <= 1 << 20 else { throw .answerUnreadable("it is longer than 1 MiB") }
                goesOn = take(conversation.receive(bytes))
            case .refused(let reason):
                throw .answerUnreadable("port \(port?.rawValue ?? 0) was not opened (reason \(reason))")
            case .closed: return
            case .ended(let why): throw .answerUnreadable(why)
            }
            guard goesOn else { return try send(next + session.close(), link) }
        }
        if !next.isEmpty {
            events = next
            continue
        }
        events = try receive(&session, &port, link, until: deadline, limit)
    }
}

/// The next message's events; where the ports that were forwarded are all, the opening of one.
private func receive(
    _ session: inout LMESession, _ port: inout LocalPort?, _ link: borrowing MEILink,
    until deadline: ContinuousClock.Instant, _ limit: Duration
) throws(HostInterfaceFault) -> [LMESession.Event] {
    let left = deadline - .now
    guard left > .zero else { throw .silent(seconds: limit.seconds) }
    // After 3 s of silence no more ports are to be expected (rpc-go).
    let last = port == nil ? LocalPort.choice(of: session.ports, isAll: true) : nil
    do throws(HostInterfaceFault) {
        return try session.receive(try link.read(within: last == nil ? left : min(left, .seconds(3))))
    } catch {
        guard case .silent = error, let last else { throw error }
        port = last
        return session.open(port: last.rawValue)
    }
}

private func send(_ events: [LMESession.Event], _ link: borrowing MEILink) throws(HostInterfaceFault) {
    for case .send(let message) in events {
        let outcome = link.write(message)
        guard outcome == 0 else { throw .device(errno: outcome, during: "sending to the port forwarding client") }
    }
}

private func connect(
    _ address: DeviceAddress, _ patience: DevicePatience
) throws(HostInterfaceFault) -> MEILink {
    let start = ContinuousClock.now
    var tries = 1
    while true {
        do throws(MEILink.Refusal) {
            return try MEILink.open(address, client: MEILink.portForwarding, answerWithin: patience.answer)
        } catch {
            if case .fault(let fault) = error { throw fault }
        }
        guard let pause = patience.pause(afterTry: tries, since: start) else {
            throw .busy(device: "\(address)", tries: tries)
        }
        rest(pause)
        tries += 1
    }
}
