import Foundation

/// The namespaces of WS-Management that firmware declares, and how it writes its envelopes.
///
/// Prefixes are letters in the order of declaration; a fault declares them in an order of its own. Source: captures of
/// 12.0.67 and 15.0.23, network reference 8.3, 8.5.
enum Namespace {
    static let soap = "http://www.w3.org/2003/05/soap-envelope"
    static let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    static let wsman = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
    static let trust = "http://schemas.xmlsoap.org/ws/2005/02/trust"
    static let security =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    static let binding = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
    static let transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
    static let enumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
    static let eventing = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
    static let common = "http://schemas.dmtf.org/wbem/wscim/1/common"
    static let identity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
    static let instance = "http://www.w3.org/2001/XMLSchema-instance"
    static let anonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

    static func ofClass(_ name: String) -> String {
        switch name.prefix(4) {
        case "CIM_": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/\(name)"
        case "IPS_": "http://intel.com/wbem/wscim/1/ips-schema/1/\(name)"
        default: "http://intel.com/wbem/wscim/1/amt-schema/1/\(name)"
        }
    }
}

struct EnvelopeWriter {
    let messageID: String
    let relatesTo: String

    /// An answer; `body` uses prefix `g` and after for `extra`, in order.
    func answer(action: String, resource: String, extra: [String], body: String) -> String {
        var text = #"<?xml version="1.0" encoding="UTF-8"?><a:Envelope"#
        let fixed = [
            Namespace.soap, Namespace.addressing, Namespace.wsman, Namespace.trust, Namespace.security,
            Namespace.binding,
        ]
        for (letter, uri) in zip("abcdefghijkl", fixed + extra) { text += #" xmlns:\#(letter)="\#(uri)""# }
        text += #" xmlns:xsi="\#(Namespace.instance)"><a:Header>"#
        text += "<b:To>\(Namespace.anonymous)</b:To><b:RelatesTo>\(escaped(relatesTo))</b:RelatesTo>"
        text += #"<b:Action a:mustUnderstand="true">\#(escaped(action))</b:Action>"#
        text += "<b:MessageID>\(messageID)</b:MessageID><c:ResourceURI>\(escaped(resource))</c:ResourceURI>"
        text += "</a:Header><a:Body>\(body)</a:Body></a:Envelope>"
        return text
    }

    func fault(_ fault: WSFault) -> String {
        var text = #"<?xml version="1.0" encoding="UTF-8"?><a:Envelope"#
        let declared = [
            ("g", Namespace.binding), ("f", Namespace.eventing), ("e", Namespace.wsman), ("d", Namespace.transfer),
            ("c", Namespace.enumeration), ("b", Namespace.addressing), ("a", Namespace.soap), ("h", Namespace.trust),
            ("i", Namespace.security), ("xsi", Namespace.instance),
        ]
        for (prefix, uri) in declared { text += #" xmlns:\#(prefix)="\#(uri)""# }
        text += "><a:Header><b:To>\(Namespace.anonymous)</b:To><b:RelatesTo>\(escaped(relatesTo))</b:RelatesTo>"
        text += #"<b:Action a:mustUnderstand="true">\#(fault.action)</b:Action>"#
        text += "<b:MessageID>\(messageID)</b:MessageID></a:Header><a:Body><a:Fault><a:Code>"
        text += "<a:Value>\(fault.code)</a:Value>"
        if !fault.subcode.isEmpty { text += "<a:Subcode><a:Value>\(fault.subcode)</a:Value></a:Subcode>" }
        text += "</a:Code>"
        text += #"<a:Reason><a:Text xml:lang="en-US">\#(fault.reason)</a:Text></a:Reason>"#
        text += "<a:Detail>\(fault.detail)</a:Detail></a:Fault></a:Body></a:Envelope>"
        return text
    }

    /// Instances as elements with `prefix`; a date needs the prefix of the common namespace.
    static func element(_ instance: Instance, _ prefix: String, common: String) -> String {
        var text = "<\(prefix):\(instance.className)>"
        for (name, value) in instance.properties.sorted(by: { $0.key < $1.key }) {
            text += property(name, value, prefix, common: common)
        }
        return text + "</\(prefix):\(instance.className)>"
    }

    static func property(_ name: String, _ value: PropertyValue, _ prefix: String, common: String) -> String {
        switch value {
        case .text(let text): "<\(prefix):\(name)>\(escaped(text))</\(prefix):\(name)>"
        case .list(let texts): texts.map { "<\(prefix):\(name)>\(escaped($0))</\(prefix):\(name)>" }.joined()
        case .empty: "<\(prefix):\(name)/>"
        case .datetime(let text):
            "<\(prefix):\(name)><\(common):Datetime>\(text)</\(common):Datetime></\(prefix):\(name)>"
        case .reference(let resource, let selectors):
            "<\(prefix):\(name)>\(reference(resource, selectors))</\(prefix):\(name)>"
        }
    }

    /// The inside of an EPR.
    static func reference(_ resource: String, _ selectors: [String: String]) -> String {
        var text = "<b:Address>\(Namespace.anonymous)</b:Address><b:ReferenceParameters>"
        text += "<c:ResourceURI>\(resource)</c:ResourceURI><c:SelectorSet>"
        for (name, value) in selectors.sorted(by: { $0.key < $1.key }) {
            text += #"<c:Selector Name="\#(name)">\#(escaped(value))</c:Selector>"#
        }
        return text + "</c:SelectorSet></b:ReferenceParameters>"
    }
}

func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
