package import LibXML

/// What tells one instance of a class from the others.
package struct Selector: Hashable, Sendable {
    /// The key property: `InstanceID`.
    package let name: String
    package let value: Value

    /// A key is a text, or in associations a reference to another instance.
    package indirect enum Value: Hashable, Sendable {
        case text(String)
        case reference(EndpointReference)
    }

    package init(_ name: String, _ text: String) {
        self.name = name
        value = .text(text)
    }

    package init(_ name: String, _ reference: EndpointReference) {
        self.name = name
        value = .reference(reference)
    }
}

/// A reference to an instance of a class: WS-Addressing's EPR with WS-Management's selectors.
package struct EndpointReference: Hashable, Sendable {
    package let resourceURI: String
    package let selectors: [Selector]

    package init(_ resource: ResourceClass, _ selectors: [Selector]) {
        resourceURI = resource.uri
        self.selectors = selectors
    }

    /// Reads the children of an element that is a reference.
    ///
    /// - Throws: ``WSManFault/unreadable(_:)`` when it refers to nothing. Firmware answers a refused method so: its
    ///   placeholder has the address `default` and no resource.
    package init(_ element: XMLElement) throws(WSManFault) {
        guard let parameters = element["ReferenceParameters"], let uri = parameters["ResourceURI"]?.text, !uri.isEmpty
        else { throw .unreadable("\(element.name) refers to no resource") }
        resourceURI = uri
        selectors = try Selector.read(parameters["SelectorSet"])
    }

    /// The text of a selector, for references whose keys are texts.
    package subscript(_ name: String) -> String? {
        for selector in selectors where selector.name == name {
            if case .text(let text) = selector.value { return text }
        }
        return nil
    }

    /// The text of a key of an instance of this class.
    ///
    /// - Throws: ``WSManFault/unreadable(_:)`` when the reference is to another class or has no such key.
    package func key(_ name: String, of resource: ResourceClass) throws(WSManFault) -> String {
        guard resourceURI == resource.uri, let text = self[name], !text.isEmpty else {
            throw .unreadable("expected a reference to an \(resource.name) by its \(name), got one to \(resourceURI)")
        }
        return text
    }

    /// The children of an element that is this reference.
    package var content: [XMLElement] {
        [
            XMLElement("Address", in: Namespace.addressing, text: Namespace.anonymous),
            XMLElement(
                "ReferenceParameters", in: Namespace.addressing,
                children: [
                    XMLElement("ResourceURI", in: Namespace.management, text: resourceURI), selectors.element,
                ]),
        ]
    }
}

extension Selector {
    static func read(_ set: XMLElement?) throws(WSManFault) -> [Selector] {
        var selectors: [Selector] = []
        for element in set?.all("Selector") ?? [] {
            guard let name = element.attribute("Name") else { throw .unreadable("a Selector has no Name") }
            if let reference = element["EndpointReference"] {
                selectors.append(Selector(name, try EndpointReference(reference)))
            } else {
                selectors.append(Selector(name, element.text))
            }
        }
        return selectors
    }
}

extension [Selector] {
    /// The `SelectorSet` of a header or of a reference.
    var element: XMLElement {
        XMLElement(
            "SelectorSet", in: Namespace.management,
            children: map { selector in
                var element = XMLElement(
                    "Selector", in: Namespace.management, attributes: [XMLAttribute("Name", value: selector.name)])
                switch selector.value {
                case .text(let text): element.text = text
                case .reference(let reference):
                    element.children = [
                        XMLElement("EndpointReference", in: Namespace.addressing, children: reference.content)
                    ]
                }
                return element
            })
    }
}
