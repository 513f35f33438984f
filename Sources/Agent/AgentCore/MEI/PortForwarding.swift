package import AMTHI
import Glibc

/// Sends one request to a port of the firmware through its port forwarding client (LME), and takes the answer to its end.
///
/// A session of its own for every request: firmware may drop the session with its channel. Not to be used where Intel's LMS
/// runs, which holds that client and listens on the ports itself.
///
/// - Parameters:
///   - request: All that is sent.
///   - port: 16992.
///   - address: Where the host interface was found.
///   - patience: How long to wait for what; the whole takes at most 20 s, as rpc-go allows.
/// - Returns: All that came until the firmware closed the channel.
/// - Throws: ``HostInterfaceFault``.
package func exchangeThroughPortForwarding(
    _ request: [UInt8], port: UInt32, at address: DeviceAddress, patience: DevicePatience
) throws(HostInterfaceFault) -> [UInt8] {
    let link = try connect(address, patience)
    var session = LMESession(longestMessage: link.longestMessage)
    let deadline = ContinuousClock.now + max(patience.answer, .seconds(20))
    var (answer, asked) = ([UInt8](), false)
    var events: [LMESession.Event] = [.send(session.greeting)]
    while true {
        for event in events {
            switch event {
            case .send(let message):
                let outcome = link.write(message)
                guard outcome == 0 else {
                    throw .device(errno: outcome, during: "sending to the port forwarding client")
                }
            case .opened: break
            case .forwarded(let forwarded):
                guard forwarded == port, !asked else { continue }
                asked = true
                try send(session.open(port: port), link)
            case .data(let bytes):
                answer += bytes
                guard answer.count <= 1 << 20 else { throw .answerUnreadable("it is longer than 1 MiB") }
            case .refused(let reason): throw .answerUnreadable("port \(port) was not opened (reason \(reason))")
            case .closed: return answer
            case .ended(let why): throw .answerUnreadable(why)
            }
        }
        if events.contains(.opened) {
            events = session.write(request)
            continue
        }
        let left = deadline - .now
        guard left > .zero else { throw .silent(seconds: max(patience.answer, .seconds(20)).seconds) }
        if !asked, session.ports.contains(16993), !session.ports.contains(port) {
            throw .answerUnreadable("the firmware's local ports speak TLS alone, which is not offered here")
        }
        events = try session.receive(try link.read(within: left))
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
