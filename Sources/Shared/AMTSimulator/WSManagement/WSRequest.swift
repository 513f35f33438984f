import LibXML

/// A WS-Management request as the firmware reads it: any prefixes, any To, any MessageID.
struct WSRequest {
    var action: String
    var resource: String
    var messageID: String
    /// Selectors of the header: a text, or the EPR's own selectors.
    var selectors: [String: SelectorValue]
    /// `MaxEnvelopeSize`, in bytes, where the client states one.
    var longestAnswer: Int?
    /// Whether it states options and insists on them.
    var insistsOnOptions: Bool
    var body: XMLElement?

    enum SelectorValue: Hashable {
        case text(String)
        case reference(resource: String, selectors: [String: String])
    }

    /// The class without its URI.
    var className: String { String(resource.split(separator: "/").last ?? "") }

    /// - Throws: ``WSFault`` where the envelope is none.
    init(_ bytes: [UInt8]) throws(WSFault) {
        let envelope: XMLElement
        do { envelope = try parseXML(Self.withoutEmptyPrefixes(bytes)) } catch { throw .invalidRepresentation }
        guard envelope.name == "Envelope" else { throw .invalidRepresentation }
        let header = envelope["Header"]
        action = header?["Action"]?.text ?? ""
        resource = header?["ResourceURI"]?.text ?? ""
        messageID = header?["MessageID"]?.text ?? ""
        longestAnswer = header?["MaxEnvelopeSize"].flatMap { Int($0.text) }
        insistsOnOptions = truth(header?["OptionSet"]?.attribute("mustUnderstand")) == true
        body = envelope["Body"]?.children.first
        selectors = [:]
        for selector in header?["SelectorSet"]?.all("Selector") ?? [] {
            selectors[selector.attribute("Name") ?? ""] =
                selector["EndpointReference"].map { .reference($0) } ?? .text(selector.text)
        }
    }
}

extension WSRequest {
    /// Gives prefixes that are bound to nothing a namespace of their own.
    ///
    /// rpc-go writes `<h:AMT_GeneralSettings xmlns:h="">`, which XML's namespaces forbid and firmware takes.
    private static func withoutEmptyPrefixes(_ bytes: [UInt8]) -> [UInt8] {
        let hasEmpty = bytes.indices.dropLast(2).contains {
            bytes[$0] == UInt8(ascii: "=") && bytes[$0 + 1] == bytes[$0 + 2]
                && (bytes[$0 + 1] == UInt8(ascii: "\"") || bytes[$0 + 1] == UInt8(ascii: "'"))
        }
        guard hasEmpty else { return bytes }
        var text = String(decoding: bytes, as: UTF8.self)
        while let match = text.firstMatch(of: /(<[^<>]*?\sxmlns:[\w.-]+=)(?:""|'')/) {
            text.replaceSubrange(match.range, with: "\(match.output.1)\"urn:empty\"")
        }
        return Array(text.utf8)
    }
}

extension WSRequest.SelectorValue {
    /// Reads an EPR: an element with Address and ReferenceParameters.
    static func reference(_ element: XMLElement) -> WSRequest.SelectorValue {
        let parameters = element["ReferenceParameters"]
        var selectors: [String: String] = [:]
        for selector in parameters?["SelectorSet"]?.all("Selector") ?? [] {
            selectors[selector.attribute("Name") ?? ""] = selector.text
        }
        return .reference(resource: parameters?["ResourceURI"]?.text ?? "", selectors: selectors)
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The InstanceID inside an EPR.
    var instanceID: String? {
        if case .reference(_, let selectors) = self { selectors["InstanceID"] } else { nil }
    }
}
