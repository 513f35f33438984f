/// Why bytes could not be read as XML, or a value not be written as XML.
package enum XMLFault: Error, Hashable, Sendable {
    /// Nothing was handed in, or only white space.
    case empty
    /// The document is larger than the caller takes, in bytes.
    case tooLarge(bytes: Int, limit: Int)
    /// Elements are nested deeper than the reader follows.
    case tooDeep(limit: Int)
    /// The document declares a document type.
    ///
    /// WS-Management has none (SOAP 1.2 part 1, section 5, forbids it), and entities are declared nowhere else.
    case doctypeRefused
    /// A web page came where XML was expected; its first characters.
    case html(beginning: String)
    /// What came does not begin as XML does; its first characters.
    case notXML(beginning: String)
    /// The parser met an error, in its words and at its place.
    case malformed(line: Int, column: Int, reason: String)
    /// A value holds a character that XML 1.0 has no way to say; the element that holds it.
    case characterNotAllowed(element: String)
}

extension XMLFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the document is empty"
        case .tooLarge(let bytes, let limit): "the document has \(bytes) bytes; at most \(limit) are read"
        case .tooDeep(let limit): "elements are nested deeper than \(limit) levels"
        case .doctypeRefused: "the document declares a document type, which SOAP forbids"
        case .html(let beginning): "a web page (HTML) came instead of XML; it begins \(beginning.debugDescription)"
        case .notXML(let beginning): "what came is not XML; it begins \(beginning.debugDescription)"
        case .malformed(let line, let column, let reason):
            "the XML is damaged or incomplete at line \(line), column \(column): \(reason)"
        case .characterNotAllowed(let element):
            "the value of '\(element)' holds a control character, which XML cannot carry"
        }
    }
}
