import LibXML
import WSMan

/// A class that no firmware has, so that the protocol's tests know no real one.
enum Sample: WSManWritableClass {
    typealias Instance = ManagedObject
    static let resource = ResourceClass.amt("Sample")
    static func properties(of instance: ManagedObject) -> [XMLElement] { instance.properties }
}

/// A method of it, with what its reference says of one word.
struct SampleMethod: WSManOperation {
    static let resource = Sample.resource
    static let verb = Verb.invoke("Shake")
    static let refusals: [UInt32: String] = [7: "the glass is empty"]
    var text = "a < b"

    var input: [XMLElement] { [Self.element("First", text), Self.element("Second", "2")] }
}

/// A firmware that answers with what a closure says, and remembers what it was sent.
actor ScriptedFirmware: WSManTransport {
    private(set) var requests: [XMLElement] = []
    private(set) var mostInside = 0
    private var inside = 0
    private let script: @Sendable (XMLElement) throws(WSManFault) -> String

    init(_ script: @escaping @Sendable (XMLElement) throws(WSManFault) -> String) { self.script = script }

    func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        inside += 1
        defer { inside -= 1 }
        mostInside = max(mostInside, inside)
        // Whoever could overtake gets the chance to.
        for _ in 0..<20 { await Task.yield() }
        let request: XMLElement
        do { request = try parseXML(envelope) } catch { throw .unsendable("\(error)") }
        requests.append(request)
        return Array(try script(request).utf8)
    }
}

/// An answer in the firmware's form.
///
/// `g` is the namespace of enumeration, `h` that of ``Sample``.
func answer(to message: String, _ body: String) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?><a:Envelope xmlns:a="http://www.w3.org/2003/05/soap-envelope" \
    xmlns:b="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
    xmlns:c="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" \
    xmlns:g="http://schemas.xmlsoap.org/ws/2004/09/enumeration" \
    xmlns:h="http://intel.com/wbem/wscim/1/amt-schema/1/AMT_Sample"><a:Header>\
    <b:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</b:To><b:RelatesTo>\(message)</b:RelatesTo>\
    <b:Action a:mustUnderstand="true">urn:any</b:Action>\
    <b:MessageID>uuid:00000000-8086-8086-8086-000000000001</b:MessageID></a:Header><a:Body>\(body)</a:Body></a:Envelope>
    """
}

/// A fault's body in the firmware's form.
func fault(_ subcode: String, _ reason: String, detail: String = "") -> String {
    """
    <a:Fault><a:Code><a:Value>a:Sender</a:Value><a:Subcode><a:Value>\(subcode)</a:Value></a:Subcode></a:Code>\
    <a:Reason><a:Text xml:lang="en-US">\(reason)</a:Text></a:Reason><a:Detail>\(detail)</a:Detail></a:Fault>
    """
}

extension XMLElement {
    /// The number of a request.
    var messageID: String { self["Header"]?["MessageID"]?.text ?? "" }
    /// The last word of a request's action.
    var verb: String { self["Header"]?["Action"]?.text.split(separator: "/").last.map(String.init) ?? "" }
}
