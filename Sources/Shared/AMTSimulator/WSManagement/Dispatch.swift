import Foundation
import LibXML

/// What the request log keeps of one request.
package struct RequestNote: Hashable, Codable, Sendable {
    package var number: Int
    /// How long the request's body was.
    package var bytes: Int
    package var time: Double
    package var connection: UInt64
    /// Who authenticated; `nil` on a set-up session, or before authentication.
    package var user: String?
    package var resource: String
    package var action: String
    package var status: Int
    package var returnValue: UInt32?
}

extension SimulatedFirmware {
    /// Answers one authenticated WS-Management request.
    ///
    /// - Returns: The envelope, the HTTP status, and what the log keeps.
    mutating func answer(
        _ bytes: [UInt8], user: String?
    ) -> (envelope: String, status: Int, resource: String, action: String, returnValue: UInt32?) {
        messageCount += 1
        let id = "uuid:00000000-8086-8086-8086-" + String(format: "%012llX", messageCount)
        let request: WSRequest
        do { request = try WSRequest(bytes) } catch {
            return (EnvelopeWriter(messageID: id, relatesTo: "").fault(error), 400, "", "unreadable", nil)
        }
        let writer = EnvelopeWriter(messageID: id, relatesTo: request.messageID)
        let verb = String(request.action.split(separator: "/").last ?? "")
        if request.body?.name == "Identify" { return (identify(), 200, "", "Identify", nil) }
        do {
            let (text, returnValue) = try perform(request, verb, user: user, writer)
            return (text, 200, request.className, verb, returnValue)
        } catch {
            let isReceiver = error.isReceiver
            return (writer.fault(error), isReceiver ? 500 : 400, request.className, verb, nil)
        }
    }

    private mutating func perform(
        _ request: WSRequest, _ verb: String, user: String?, _ writer: EnvelopeWriter
    ) throws(WSFault) -> (String, UInt32?) {
        guard let type = firmwareClasses.first(where: { $0.name == request.className }),
            request.resource == Namespace.ofClass(type.name), type.firstRelease <= personality.release
        else { throw .destinationUnreachable }
        if request.insistsOnOptions { throw .mustUnderstand }
        if let bytes = request.longestAnswer, bytes < 50_000 { throw .envelopeSize }
        let rights = accounts.rights(of: user)
        let namespace = request.resource
        guard mayWrite(verb) else {
            let status = Self.flashLimitReached
            guard request.action == "\(namespace)/\(verb)" else { throw .internalError(status) }
            return (writer.output(.status(status), verb, namespace, request.action), status)
        }
        switch request.action {
        case "\(Namespace.transfer)/Get":
            let instance = try instance(type, request)
            return (
                writer.answer(
                    action: request.action + "Response", resource: namespace, extra: extras(type, [namespace]),
                    body: EnvelopeWriter.element(instance, "g", common: "h")), nil
            )
        case "\(Namespace.transfer)/Put":
            guard rights == .all else { throw .accessDenied }
            guard let body = request.body, body.name == type.name else { throw .invalidRepresentation }
            if !request.selectors.isEmpty { _ = try instance(type, request) }
            try type.put(&self, request, body)
            let after = try putAnswer(type, request, body)
            return (
                writer.answer(
                    action: request.action + "Response", resource: namespace, extra: extras(type, [namespace]),
                    body: EnvelopeWriter.element(after, "g", common: "h")), nil
            )
        case "\(Namespace.transfer)/Create":
            guard rights == .all else { throw .accessDenied }
            guard let body = request.body, body.name == type.name else { throw .invalidRepresentation }
            let made = try type.create(&self, body)
            return (writer.created(made, namespace, request.action), nil)
        case "\(Namespace.transfer)/Delete":
            guard rights == .all else { throw .accessDenied }
            try type.delete(&self, try instance(type, request))
            return (
                writer.answer(action: request.action + "Response", resource: namespace, extra: [], body: ""), nil
            )
        case "\(Namespace.enumeration)/Enumerate": return (try enumerate(type, request, writer), nil)
        case "\(Namespace.enumeration)/Pull": return (try pull(type, request, writer), nil)
        case "\(namespace)/\(verb)":
            guard rights == .all || verb.hasPrefix("Get") || (type.takesHostAccount && user == "$$OsAdmin") else {
                throw .accessDenied
            }
            let input = request.body ?? XMLElement("\(verb)_INPUT")
            guard input.name == "\(verb)_INPUT" else { throw .invalidRepresentation }
            let answer = try type.invoke(&self, verb, input, by: user)
            return (writer.output(answer, verb, namespace, request.action), answer.status)
        default: throw .actionNotSupported
        }
    }

    private func instance(_ type: any FirmwareClass.Type, _ request: WSRequest) throws(WSFault) -> Instance {
        let all = type.instances(self)
        if request.selectors.isEmpty, all.count == 1 { return all[0] }
        guard !request.selectors.isEmpty, let found = all.first(where: { $0.fits(request.selectors) }) else {
            throw .destinationUnreachable
        }
        return found
    }

    /// The instance that a Put changed: by its body's key where the class has several.
    private func putAnswer(
        _ type: any FirmwareClass.Type, _ request: WSRequest, _ body: XMLElement
    ) throws(WSFault) -> Instance {
        let all = type.instances(self)
        let wanted = request.selectors["InstanceID"]?.text ?? body["InstanceID"]?.text
        guard let found = all.first(where: { $0.text("InstanceID") == wanted }) ?? all.first else {
            throw .destinationUnreachable
        }
        return found
    }

    /// Seconds until a context that nobody pulls is forgotten, so that a lost client does not use up the quota.
    private static let enumerationLifetime = 60.0

    private mutating func enumerate(
        _ type: any FirmwareClass.Type, _ request: WSRequest, _ writer: EnvelopeWriter
    ) throws(WSFault) -> String {
        enumerations = enumerations.filter { now - $0.value.made < Self.enumerationLifetime }
        guard enumerations.count < 16 else { throw .quotaLimit }
        enumerationCount += 1
        let head = withUnsafeBytes(of: enumerationCount.littleEndian) { Array($0) }.hexadecimal.uppercased()
        let context = "\(head)-0000-0000-0000-000000000000"
        enumerations[context] = (type.instances(self), now)
        return writer.answer(
            action: request.action + "Response", resource: request.resource, extra: [Namespace.enumeration],
            body: "<g:EnumerateResponse><g:EnumerationContext>\(context)</g:EnumerationContext></g:EnumerateResponse>")
    }

    private mutating func pull(
        _ type: any FirmwareClass.Type, _ request: WSRequest, _ writer: EnvelopeWriter
    ) throws(WSFault) -> String {
        guard let context = request.body?["EnumerationContext"]?.text,
            let items = enumerations.removeValue(forKey: context)?.items
        else { throw .invalidEnumerationContext }
        let text = items.map { EnvelopeWriter.element($0, "h", common: "i") }.joined()
        var answer = "<g:Items>\(text)</g:Items><g:EndOfSequence></g:EndOfSequence>"
        if type.endsLate, !items.isEmpty {
            enumerations[context] = ([], now)
            answer = "<g:EnumerationContext>\(context)</g:EnumerationContext><g:Items>\(text)</g:Items>"
        }
        return writer.answer(
            action: request.action + "Response", resource: request.resource,
            extra: extras(type, [Namespace.enumeration, Namespace.ofClass(type.instanceClass)]),
            body: "<g:PullResponse>\(answer)</g:PullResponse>")
    }

    private func extras(_ type: any FirmwareClass.Type, _ first: [String]) -> [String] {
        first + (type.declaresCommon ? [Namespace.common] : [])
    }

    /// Source: DSP0226 identify; no capture of it from AMT is public.
    private func identify() -> String {
        let words = [
            ("ProtocolVersion", Namespace.wsman), ("ProductVendor", "Intel(r)"),
            ("ProductVersion", "AMT \(personality.version)"),
        ]
        let inner = words.map { "<b:\($0.0)>\($0.1)</b:\($0.0)>" }.joined()
        return
            #"<?xml version="1.0" encoding="UTF-8"?><a:Envelope xmlns:a="\#(Namespace.soap)" xmlns:b="\#(Namespace.identity)">"#
            + "<a:Header></a:Header><a:Body><b:IdentifyResponse>\(inner)</b:IdentifyResponse></a:Body></a:Envelope>"
    }
}

extension EnvelopeWriter {
    func output(_ answer: MethodAnswer, _ method: String, _ namespace: String, _ action: String) -> String {
        var inner = ""
        for (name, value) in answer.outputs { inner += Self.property(name, value, "g", common: "h") }
        inner += "<g:ReturnValue>\(answer.status)</g:ReturnValue>"
        return self.answer(
            action: action + "Response", resource: namespace, extra: [namespace],
            body: "<g:\(method)_OUTPUT>\(inner)</g:\(method)_OUTPUT>")
    }

    /// The EPR of a new instance, whose selectors may be EPRs themselves.
    func created(_ instance: Instance, _ namespace: String, _ action: String) -> String {
        var inner = "<b:Address>\(Namespace.anonymous)</b:Address><b:ReferenceParameters>"
        inner += "<c:ResourceURI>\(namespace)</c:ResourceURI><c:SelectorSet>"
        for (name, value) in instance.properties.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .reference(let resource, let selectors):
                let text = Self.reference(resource, selectors)
                inner +=
                    #"<c:Selector Name="\#(name)"><b:EndpointReference>\#(text)</b:EndpointReference></c:Selector>"#
            case .text(let text): inner += #"<c:Selector Name="\#(name)">\#(escaped(text))</c:Selector>"#
            default: break
            }
        }
        inner += "</c:SelectorSet></b:ReferenceParameters>"
        return answer(
            action: action + "Response", resource: namespace, extra: [Namespace.transfer],
            body: "<g:ResourceCreated>\(inner)</g:ResourceCreated>")
    }
}
