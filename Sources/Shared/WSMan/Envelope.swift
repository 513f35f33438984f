import LibXML

/// A request as bytes, in the form that MeshCommander and Intel's toolkits send to AMT firmware.
///
/// SOAP is the default namespace, `a` is addressing, `w` is management; `To` is `/wsman`, the message's number is
/// decimal, the timeout is `PT60S`. Source: `src/amt/messages.test.ts` in device-management-toolkit/wsman-messages.
package enum Envelope {
    /// The most that a request may have, in bytes.
    ///
    /// MeshCommander states 51200 as the largest envelope, and firmware answers a stated limit below 50000 with a fault.
    package static let largestRequest = 50_000

    private static let declared = [
        XMLPrefix("xsi", Namespace.schemaInstance),
        XMLPrefix("xsd", Namespace.schema),
        XMLPrefix("a", Namespace.addressing),
        XMLPrefix("w", Namespace.management),
        XMLPrefix("", Namespace.soap),
    ]

    /// Writes the request for an operation.
    ///
    /// - Parameters:
    ///   - operation: What is asked.
    ///   - messageID: The message's number, unique within a session.
    /// - Returns: The envelope, UTF-8.
    /// - Throws: ``WSManFault/unsendable(_:)`` when a value cannot be said in XML, or there is too much.
    package static func request<Operation: WSManOperation>(
        _ operation: Operation, messageID: UInt64
    ) throws(WSManFault) -> [UInt8] {
        let envelope = XMLElement(
            "Envelope", in: Namespace.soap,
            children: [
                header(operation, messageID: messageID),
                XMLElement("Body", in: Namespace.soap, children: body(operation).map { [$0] } ?? []),
            ])
        let bytes: [UInt8]
        do {
            bytes = try envelope.document(
                declaring: declared,
                preferring: [XMLPrefix("h", Operation.resource.uri), XMLPrefix("", Namespace.enumeration)])
        } catch { throw .unsendable("\(Operation.title): \(error)") }
        guard bytes.count <= largestRequest else {
            throw .unsendable(
                "\(Operation.title): the request has \(bytes.count) bytes; firmware takes \(largestRequest)")
        }
        return bytes
    }

    private static func header<Operation: WSManOperation>(_ operation: Operation, messageID: UInt64) -> XMLElement {
        func addressing(_ name: String, _ text: String) -> XMLElement {
            XMLElement(name, in: Namespace.addressing, text: text)
        }
        func management(_ name: String, _ text: String) -> XMLElement {
            XMLElement(name, in: Namespace.management, text: text)
        }
        var header = XMLElement(
            "Header", in: Namespace.soap,
            children: [
                addressing("Action", Operation.verb.action(on: Operation.resource)),
                addressing("To", "/wsman"),
                management("ResourceURI", Operation.resource.uri),
                addressing("MessageID", "\(messageID)"),
                XMLElement(
                    "ReplyTo", in: Namespace.addressing, children: [addressing("Address", Namespace.anonymous)]),
                management("OperationTimeout", "PT60S"),
            ])
        if !operation.selectors.isEmpty { header.children.append(operation.selectors.element) }
        return header
    }

    /// The one element inside `Body`, or `nil` for an empty one.
    private static func body<Operation: WSManOperation>(_ operation: Operation) -> XMLElement? {
        let (name, namespace): (String, String)
        switch Operation.verb {
        case .get, .delete: return nil
        case .enumerate, .pull: (name, namespace) = ("\(Operation.verb)", Namespace.enumeration)
        case .put, .create: (name, namespace) = (Operation.resource.name, Operation.resource.uri)
        case .invoke(let method): (name, namespace) = ("\(method)_INPUT", Operation.resource.uri)
        }
        return XMLElement(name, in: namespace, children: operation.input)
    }
}
