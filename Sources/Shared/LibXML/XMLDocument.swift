import CLibXML2

/// Reads one XML document into values.
///
/// - Parameters:
///   - bytes: UTF-8, or whatever the XML declaration or a byte order mark names.
///   - limit: The largest document taken, in bytes.
/// - Returns: The root element. No pointer of libxml2 outlives the call.
/// - Throws: ``XMLFault``. Nothing is fetched: the parser opens neither files nor the network, it replaces no entity, and
///   a document type ends the reading before anything that it declares is looked at.
package func parseXML(_ bytes: [UInt8], limit: Int = 1 << 20) throws(XMLFault) -> XMLElement {
    // libxml2 counts bytes in a C int.
    let limit = min(limit, Int(CInt.max))
    guard bytes.count <= limit else { throw .tooLarge(bytes: bytes.count, limit: limit) }
    try refuseWhatIsNoXML(bytes)
    let document = try XMLDocument(parsing: bytes)
    return try document.root()
}

/// How many levels of elements are followed.
///
/// The deepest capture of a firmware has 10.
package let deepestXML = 64

/// The parsed tree, owned.
///
/// It cannot be copied, so it is freed exactly once, on every path.
struct XMLDocument: ~Copyable {
    private let tree: xmlDocPtr

    init(parsing bytes: [UInt8]) throws(XMLFault) {
        let parser = try XMLParser()
        tree = try parser.parse(bytes)
    }

    deinit { xmlFreeDoc(tree) }

    borrowing func root() throws(XMLFault) -> XMLElement {
        guard let root = xmlDocGetRootElement(tree) else { throw .empty }
        return try element(root, depth: 1)
    }
}

/// A parser for one document, owned, with its own copy of the handlers.
private struct XMLParser: ~Copyable {
    private let context: xmlParserCtxtPtr

    /// Done once a process, before the first parser and so before a second thread can be in libxml2.
    private static let libraryReady: Void = xmlInitParser()

    init() throws(XMLFault) {
        Self.libraryReady
        guard let made = xmlNewParserCtxt() else {
            throw .malformed(line: 0, column: 0, reason: "there was no memory for a parser")
        }
        context = made
        // Called when `<!DOCTYPE name` has been read and before what it declares is. The mark outlives the stop.
        context.pointee.sax.pointee.internalSubset = { parser, _, _, _ in
            guard let parser else { return }
            parser.assumingMemoryBound(to: xmlParserCtxt.self).pointee._private = parser
            xmlStopParser(parser.assumingMemoryBound(to: xmlParserCtxt.self))
        }
    }

    deinit { xmlFreeParserCtxt(context) }

    /// Gives the tree to the caller, who frees it.
    borrowing func parse(_ bytes: [UInt8]) throws(XMLFault) -> xmlDocPtr {
        // XML_PARSE_NOENT is not here and must not be: in spite of its name it replaces entities.
        let options =
            XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
            | XML_PARSE_NOCDATA.rawValue
        let tree = bytes.withUnsafeBytes { raw in
            xmlCtxtReadMemory(
                context, raw.bindMemory(to: CChar.self).baseAddress, CInt(raw.count), nil, nil, CInt(options))
        }
        if context.pointee._private != nil {
            xmlFreeDoc(tree)
            throw .doctypeRefused
        }
        guard let tree else { throw fault }
        guard context.pointee.nsWellFormed == 1 else {
            // A prefix that stands for nothing: libxml2 would keep it as a part of the name.
            let fault = fault
            xmlFreeDoc(tree)
            throw fault
        }
        return tree
    }

    private var fault: XMLFault {
        guard let error = xmlCtxtGetLastError(context)?.pointee else {
            return .malformed(line: 0, column: 0, reason: "the parser gave no reason")
        }
        let reason = error.message.map { String(cString: $0) } ?? "error \(error.code)"
        return .malformed(
            line: Int(error.line), column: Int(error.int2), reason: reason.split(separator: "\n").joined(separator: " ")
        )
    }
}

/// Turns a node of libxml2 into a value, and its descendants with it.
private func element(_ node: xmlNodePtr, depth: Int) throws(XMLFault) -> XMLElement {
    guard depth <= deepestXML else { throw .tooDeep(limit: deepestXML) }
    var element = XMLElement(text(node.pointee.name), in: node.pointee.ns.map { text($0.pointee.href) })
    var next = node.pointee.properties
    while let attribute = next {
        element.attributes.append(
            XMLAttribute(
                text(attribute.pointee.name), in: attribute.pointee.ns.map { text($0.pointee.href) },
                value: characters(from: attribute.pointee.children)))
        next = attribute.pointee.next
    }
    element.text = characters(from: node.pointee.children)
    var child = node.pointee.children
    while let node = child {
        if node.pointee.type == XML_ELEMENT_NODE {
            element.children.append(try LibXML.element(node, depth: depth + 1))
        }
        child = node.pointee.next
    }
    if !element.children.isEmpty, element.text.utf8.allSatisfy(isWhiteSpace) { element.text = "" }
    return element
}

/// The text among a node and its following siblings.
private func characters(from first: xmlNodePtr?) -> String {
    var (result, next) = ("", first)
    while let node = next {
        if node.pointee.type == XML_TEXT_NODE || node.pointee.type == XML_CDATA_SECTION_NODE {
            result += text(node.pointee.content)
        }
        next = node.pointee.next
    }
    return result
}

/// A string of libxml2, which is UTF-8 whatever the document was.
private func text(_ characters: UnsafePointer<xmlChar>?) -> String {
    characters.map { String(cString: $0) } ?? ""
}
