import Certificates
import CurlClient
import Foundation
import Synchronization
import Vocabulary

/// TLS and HTTP between the server's own code and a simulated device, without sockets: what TLS would refuse is refused.
struct SimulatedNetwork: HTTPSending {
    /// It has the server, which has this.
    unowned let world: World
    let looks: Looks

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
            if fault == .otherCertificate, let refusal = state.meetAnother(request, than: place) {
                return .failure(refusal)
            }
            // A flash that takes no write now: what writes is refused, what reads is answered.
            state.devices[place].takesWrites = fault != .refused
            defer { state.devices[place].takesWrites = true }
            return state.deliver(request, to: place, looks)
        }
        switch fault {
        case .dropAfter: throw .lost("dropped")
        case .stall:
            world.wait(60)
            throw .lost("no answer in 60 s")
        case .crashAfter: return try die()
        default: break
        }
        // What was asked was done all the same, where there was a connection to ask it over.
        var answer = try outcome.get()
        switch fault {
        case .garbage: throw .answerUnreadable("garbage")
        case .html: (answer.status, answer.headers, answer.body) = (200, [], Self.html)
        case .soapFault: (answer.status, answer.headers, answer.body) = (500, [], Self.soapFault)
        case .status500: (answer.status, answer.headers, answer.body) = (500, [], [])
        case .status503: (answer.status, answer.headers, answer.body) = (503, [], [])
        default: break
        }
        return answer
    }

    private static let html = Array("<html><body><h1>It works!</h1></body></html>".utf8)
    private static let soapFault = Array(
        """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" \
        xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header/><s:Body><s:Fault><s:Code>\
        <s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>\
        <s:Reason><s:Text>it is broken</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>
        """.utf8)

    private func die() throws(CurlFault) -> HTTPAnswer {
        world.killServer()
        throw .cancelled
    }
}

extension World.State {
    /// Somebody else has the device's address for the length of one request, and a certificate of his own.
    fileprivate mutating func meetAnother(_ request: HTTPRequest, than place: Int) -> CurlFault? {
        guard request.opensConnection || devices[place].connection == nil else {
            devices[place].connection = nil
            return .lost("the connection was reset")
        }
        // Set-up asks for neither name nor key.
        return request.trust.pin == nil ? nil : .peerNotTrusted("another key")
    }

    fileprivate mutating func deliver(
        _ request: HTTPRequest, to place: Int, _ looks: Looks
    ) -> Result<HTTPAnswer, CurlFault> {
        devices[place].tick(now)
        guard devices[place].isOpen else { return .failure(.notConnected("connection refused")) }
        if request.looksOnly {
            let der = looks.at(devices[place].presented)?.der
            return .success(HTTPAnswer(status: 0, headers: [], body: [], openedConnection: true, peerCertificate: der))
        }
        let opens = request.opensConnection || devices[place].connection == nil
        if let kept = request.keptConnection, opens || devices[place].connection != UInt64(kept) {
            return .failure(.notConnected("the connection is gone"))
        }
        if opens {
            if let fault = handshake(request, place, looks) { return .failure(fault) }
            connections += 1
            devices[place].connection = connections
        }
        requests += 1
        let headers = request.headers.map { header in
            (header.name, header.value.reveal { String(decoding: $0, as: UTF8.self) })
        }
        let connection = Int(devices[place].connection ?? 0)
        let bytes = devices[place].exchange(
            headers, request.body, isSetUp: devices[place].asksForChain, now: now)
        var answer = read(bytes, opens)
        answer.connection = connection
        if request.closesConnection { devices[place].connection = nil }
        let (verb, name) = (word(after: "Action>", in: request.body), word(after: "ResourceURI>", in: request.body))
        note("\(answer.status) \(verb) \(name)", of: place)
        // Who has not shown that it is the job's machine may be asked who it is, and nothing else.
        if place != current, answer.status != 401, verb != "GetUuid" {
            violations.append((place, "\(verb) \(name) of a job of device \(current)"))
        }
        return .success(answer)
    }

    /// The end of the URI that follows the first such tag.
    private func word(after tag: String, in body: [UInt8]) -> String {
        let tag = Array(tag.utf8)
        var start = 0
        while start + tag.count <= body.count, !body[start...].starts(with: tag) {
            start = body[(start + 1)...].firstIndex(of: tag[0]) ?? body.count
        }
        guard start + tag.count <= body.count else { return "" }
        let text = body[(start + tag.count)...].prefix { $0 != 0x3C }
        let end = text.lastIndex(of: 0x2F).map { text[($0 + 1)...] } ?? text
        return String(decoding: end, as: UTF8.self)
    }

    /// - Returns: Why no request may go out.
    private mutating func handshake(_ request: HTTPRequest, _ place: Int, _ looks: Looks) -> CurlFault? {
        guard let presented = looks.at(devices[place].presented) else { return .notConnected("no certificate") }
        if request.trust.authorities != nil {
            let name = request.url.split(separator: "/").dropFirst().first?.split(separator: ":").first.map(String.init)
            guard presented.isOurs, presented.names.contains(name ?? "") else {
                return .peerNotTrusted("\(presented.commonName) is not \(name ?? "")")
            }
        }
        if let why = request.objection?(presented.der) { return .notConnected(why) }
        if devices[place].isProvisioned, request.trust.pin == nil {
            violations.append((place, "a request to a managed firmware without a pin"))
        }
        if let pin = request.trust.pin, presented.pin != pin { return .peerNotTrusted("another key") }
        guard devices[place].asksForChain else { return nil }
        guard let chain = request.identity?.chain else { return .notConnected("a certificate was asked for") }
        let device = devices[place]
        return looks.refusal(of: chain) { device.refusal(of: $0) }.map { .notConnected($0) }
    }

    private func read(_ bytes: [UInt8], _ opened: Bool) -> HTTPAnswer {
        var end = 0
        while end + 4 <= bytes.count, !bytes[end...].starts(with: [13, 10, 13, 10]) { end += 1 }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
        let headers = lines.dropFirst().map { line in
            (
                name: String(line.prefix { $0 != ":" }),
                value: String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
            )
        }
        var body = Array(bytes.dropFirst(end + 4))
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

/// What TLS finds in certificates, each read once for all worlds: reading one takes longer than a request.
final class Looks: Sendable {
    struct Look: Sendable {
        var names: [String]
        var commonName: String
        var pin: [UInt8]
        var der: [UInt8]
        /// Whether our authority signed it.
        var isOurs: Bool
    }

    private let authority: Certificate
    private let known = Mutex<[[UInt8]: Look]>([:])
    /// Every firmware here trusts the same root and has the same suffix, so that what one says of a chain all do.
    private let refusals = Mutex<[String: String?]>([:])

    init(_ authority: Certificate) { self.authority = authority }

    func at(_ der: [UInt8]) -> Look? {
        if let look = known.withLock({ $0[der] }) { return look }
        guard let certificate = try? Certificate(der: der) else { return nil }
        let look = Look(
            names: certificate.dnsNames, commonName: certificate.subjectCommonName, pin: certificate.publicKey.pin,
            der: der, isOurs: (try? certificate.isIssued(by: authority)) == true)
        known.withLock { known in
            if known.count > 10_000 { known = [:] }
            known[der] = look
        }
        return look
    }

    func refusal(of pem: String, _ judge: ([[UInt8]]) -> String?) -> String? {
        if let judged = refusals.withLock({ $0[pem] }) { return judged }
        let judged = (try? Certificate.all(pem: pem)).map { judge($0.map(\.der)) } ?? "no chain"
        refusals.withLock { $0[pem] = .some(judged) }
        return judged
    }
}
