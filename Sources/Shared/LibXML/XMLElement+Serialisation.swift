/// A prefix and what it stands for.
package struct XMLPrefix: Hashable, Sendable {
    /// Empty for the default namespace.
    package var prefix: String
    package var namespace: String

    package init(_ prefix: String, _ namespace: String) {
        self.prefix = prefix
        self.namespace = namespace
    }
}

extension XMLElement {
    /// The element as an XML document, UTF-8, one line, with its declaration.
    ///
    /// An empty element is written as an opening and a closing tag, as firmware writes it. The prefixes of the two lists
    /// must all differ.
    ///
    /// - Parameters:
    ///   - declared: Prefixes that the root declares, in this order, used or not.
    ///   - preferred: Prefixes that are declared by the first element that needs them. A namespace that is in neither
    ///     list gets a prefix of the writer's own: `n1`, `n2`, …
    /// - Returns: The document's bytes.
    /// - Throws: ``XMLFault/characterNotAllowed(element:)``.
    package func document(
        declaring declared: [XMLPrefix] = [], preferring preferred: [XMLPrefix] = []
    ) throws(XMLFault) -> [UInt8] {
        var writer = XMLWriter(preferred: preferred)
        writer.output = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
        try writer.write(self, scope: [], declaring: declared)
        return Array(writer.output.utf8)
    }
}

/// Writes elements and finds prefixes for them.
private struct XMLWriter {
    let preferred: [XMLPrefix]
    var output = ""
    private var invented = 0

    init(preferred: [XMLPrefix]) { self.preferred = preferred }

    /// Writes one element and what is in it.
    ///
    /// What surrounding elements declared is in `scope`, innermost last.
    mutating func write(
        _ element: XMLElement, scope: [XMLPrefix], declaring: [XMLPrefix] = []
    ) throws(XMLFault) {
        var scope = scope + declaring
        var declarations = declaring
        let name = qualified(element.name, element.namespace, attribute: false, &scope, &declarations)
        var attributes = ""
        for attribute in element.attributes {
            let name = qualified(attribute.name, attribute.namespace, attribute: true, &scope, &declarations)
            attributes += " \(name)=\"\(try escaped(attribute.value, in: element.name, attribute: true))\""
        }
        output += "<\(name)"
        for declaration in declarations {
            let word = declaration.prefix.isEmpty ? "xmlns" : "xmlns:\(declaration.prefix)"
            output += " \(word)=\"\(try escaped(declaration.namespace, in: element.name, attribute: true))\""
        }
        output += attributes + ">" + (try escaped(element.text, in: element.name, attribute: false))
        for child in element.children { try write(child, scope: scope) }
        output += "</\(name)>"
    }

    /// The name as it is written here, and the declaration that it needs if there was none.
    private mutating func qualified(
        _ name: String, _ namespace: String?, attribute: Bool, _ scope: inout [XMLPrefix],
        _ declarations: inout [XMLPrefix]
    ) -> String {
        guard let namespace, !namespace.isEmpty else {
            // An attribute without prefix is in no namespace anyway; an element is only where no default reaches it.
            if !attribute, let inherited = scope.last(where: { $0.prefix.isEmpty }), !inherited.namespace.isEmpty {
                declarations.removeAll { $0.prefix.isEmpty }
                declarations.append(XMLPrefix("", ""))
                scope.append(XMLPrefix("", ""))
            }
            return name
        }
        if namespace == "http://www.w3.org/XML/1998/namespace" { return "xml:\(name)" }
        let usable = scope.indices.last { index in
            scope[index].namespace == namespace && !(attribute && scope[index].prefix.isEmpty)
                && !scope[(index + 1)...].contains { $0.prefix == scope[index].prefix }
        }
        if let usable { return scope[usable].prefix.isEmpty ? name : "\(scope[usable].prefix):\(name)" }
        let made = declaration(of: namespace, attribute: attribute, avoiding: declarations)
        declarations.append(made)
        scope.append(made)
        return made.prefix.isEmpty ? name : "\(made.prefix):\(name)"
    }

    private mutating func declaration(
        of namespace: String, attribute: Bool, avoiding taken: [XMLPrefix]
    ) -> XMLPrefix {
        let wanted = preferred.first { choice in
            choice.namespace == namespace && !(attribute && choice.prefix.isEmpty)
                && !taken.contains { $0.prefix == choice.prefix }
        }
        if let wanted { return wanted }
        invented += 1
        return XMLPrefix("n\(invented)", namespace)
    }
}

/// Character data with what XML needs escaped.
///
/// A carriage return is written as a reference everywhere, and other white space in attributes, because a parser would
/// turn them into something else. Source: XML 1.0 sections 2.2, 2.11 and 3.3.3.
private func escaped(_ text: String, in element: String, attribute: Bool) throws(XMLFault) -> String {
    // Nearly all text is plain.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E }) {
        return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"" where attribute: result += "&quot;"
        case "\r": result += "&#13;"
        case "\n" where attribute: result += "&#10;"
        case "\t" where attribute: result += "&#9;"
        case "\n", "\t": result.unicodeScalars.append(scalar)
        case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": throw .characterNotAllowed(element: element)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
