/// An XML element as a value: its name, its attributes, its text, its children.
///
/// Names are local names; what a prefix stood for is in ``namespace``, and prefixes themselves are not kept.
/// Comments and processing instructions are dropped, CDATA is text.
package struct XMLElement: Hashable, Sendable {
    /// The local name, without a prefix.
    package var name: String
    /// The namespace, or `nil` when the element is in none.
    package var namespace: String?
    /// Attributes in document order, namespace declarations not among them.
    package var attributes: [XMLAttribute]
    /// The character data directly inside, in order.
    ///
    /// White space between child elements is not text: an element that has children and only white space besides has an
    /// empty text. Mixed content keeps its characters and loses where they stood among the children.
    package var text: String
    /// The child elements, in document order.
    package var children: [XMLElement]

    package init(
        _ name: String, in namespace: String? = nil, attributes: [XMLAttribute] = [], text: String = "",
        children: [XMLElement] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.text = text
        self.children = children
    }

    /// The first child with this local name, whatever its namespace.
    package subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Every child with this local name, whatever its namespace, in order.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The value of the first attribute with this local name, whatever its namespace.
    package func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
}

/// An attribute of an ``XMLElement``.
package struct XMLAttribute: Hashable, Sendable {
    /// The local name, without a prefix.
    package var name: String
    /// The namespace, or `nil` for an attribute without a prefix.
    package var namespace: String?
    package var value: String

    package init(_ name: String, in namespace: String? = nil, value: String) {
        self.name = name
        self.namespace = namespace
        self.value = value
    }
}
