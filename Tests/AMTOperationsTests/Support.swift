import LibXML
import WSMan

/// The body of an envelope that an operation is asked with, its input included.
func body<Operation: WSManOperation>(_ operation: Operation) throws -> XMLElement {
    let request = try parseXML(try Envelope.request(operation, messageID: 1))
    return request["Body"] ?? XMLElement("none")
}

/// An instance or an output as the firmware gives it.
func element(_ name: String, of resource: ResourceClass, _ properties: [(String, String)]) -> XMLElement {
    XMLElement(name, in: resource.uri, children: properties.map { XMLElement($0.0, in: resource.uri, text: $0.1) })
}
