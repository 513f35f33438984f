import Certificates
import CurlClient
import Foundation
import Vocabulary

/// TLS and HTTP between the server's own code and a simulated device, without sockets: what TLS would refuse is refused.
struct SimulatedNetwork: HTTPSending {
    let world: World
    let authority: Certificate

    func send(_ request: HTTPRequest) async throws(CurlFault) -> HTTPAnswer {
        await world.passTime()
        guard !world.serverIsDead else { throw .cancelled }
        let fault = world.chooseFault()
        if fault == .dropBefore { throw .lost("dropped") }
        if fault == .crashBefore { return try die() }
        guard let end = request.connectTo.flatMap({ $0.split(separator: ":").first }) else {
            throw .unusable("nowhere")
        }
        let outcome: Result<HTTPAnswer, CurlFault> = world.with { state in
            guard let place = state.devices.firstIndex(where: { $0.address == end }) else {
                return .failure(.notConnected("nobody at \(end)"))
            }
            return state.deliver(request, to: place, authority)
        }
        switch fault {
        case .dropAfter: throw .lost("dropped")
        case .crashAfter: return try die()
        case .garbage: throw .answerUnreadable("garbage")
        case .status500: return HTTPAnswer(status: 500, headers: [], body: [], openedConnection: false)
        case .status503: return HTTPAnswer(status: 503, headers: [], body: [], openedConnection: false)
        default: return try outcome.get()
        }
    }

    private func die() throws(CurlFault) -> HTTPAnswer {
        world.killServer()
        throw .cancelled
    }
}

extension World.State {
    fileprivate mutating func deliver(
        _ request: HTTPRequest, to place: Int, _ authority: Certificate
    ) -> Result<HTTPAnswer, CurlFault> {
        guard devices[place].isOpen else { return .failure(.notConnected("connection refused")) }
        if request.looksOnly {
            let pem = try? Certificate(der: devices[place].presented).pem
            return .success(HTTPAnswer(status: 0, headers: [], body: [], openedConnection: true, peerCertificate: pem))
        }
        let opens = request.opensConnection || devices[place].connection == nil
        if opens, request.keepsConnection { return .failure(.notConnected("the connection is gone")) }
        if opens {
            if let fault = handshake(request, place, authority) { return .failure(fault) }
            connections += 1
            devices[place].connection = connections
        }
        requests += 1
        let headers = request.headers.map { header in
            (header.name, header.value.reveal { String(decoding: $0, as: UTF8.self) })
        }
        let bytes = devices[place].exchange(
            headers, request.body, isSetUp: devices[place].asksForChain, now: now)
        if request.closesConnection { devices[place].connection = nil }
        let answer = read(bytes, opens)
        let text = String(decoding: request.body, as: UTF8.self)
        let action = text.firstMatch(of: /Action>[^<]*\/([A-Za-z0-9]+)</)?.1 ?? ""
        note(
            "\(answer.status) \(action) \(text.firstMatch(of: /ResourceURI>[^<]*\/([A-Za-z0-9_]+)</)?.1 ?? "")",
            of: place)
        return .success(answer)
    }

    /// - Returns: Why no request may go out.
    private mutating func handshake(_ request: HTTPRequest, _ place: Int, _ authority: Certificate) -> CurlFault? {
        guard let presented = try? Certificate(der: devices[place].presented) else {
            return .notConnected("no certificate")
        }
        if request.trust.authorities != nil {
            let name = request.url.split(separator: "/").dropFirst().first?.split(separator: ":").first.map(String.init)
            guard (try? presented.isIssued(by: authority)) == true, presented.dnsNames.contains(name ?? "") else {
                return .peerNotTrusted("\(presented.subjectCommonName) is not \(name ?? "")")
            }
        }
        if let pem = try? presented.pem, let why = request.objection?(pem) { return .notConnected(why) }
        if devices[place].isProvisioned, request.trust.pin == nil {
            violations.append((place, "a request to a managed firmware without a pin"))
        }
        if let pin = request.trust.pin, presented.publicKey.pin != pin { return .peerNotTrusted("another key") }
        guard devices[place].asksForChain else { return nil }
        guard let chain = request.identity.flatMap({ try? Certificate.all(pem: $0.chain) }), !chain.isEmpty else {
            return .notConnected("a certificate was asked for")
        }
        return devices[place].refusal(of: chain.map(\.der)).map { .notConnected($0) }
    }

    private func read(_ bytes: [UInt8], _ opened: Bool) -> HTTPAnswer {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        let headers = lines.dropFirst().map { line in
            (
                name: String(line.prefix { $0 != ":" }),
                value: String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
            )
        }
        var body = Array(parts.dropFirst().joined(separator: "\r\n\r\n").utf8)
        if headers.contains(where: { $0.value == "chunked" }) { body = unchunked(body) }
        return HTTPAnswer(status: status, headers: headers, body: body, openedConnection: opened)
    }

    private func unchunked(_ bytes: [UInt8]) -> [UInt8] {
        var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
        while let end = rest.firstIndex(of: 13),
            let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0
        {
            body += rest[(end + 2)..<(end + 2 + size)]
            rest = rest[(end + 4 + size)...]
        }
        return body
    }
}
