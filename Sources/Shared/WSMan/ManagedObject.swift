package import LibXML

/// An instance of a class as the firmware gave it: every property, in order, known or not.
///
/// What is read by one firmware and written back is whole, whatever that firmware knows that this program does not.
package struct ManagedObject: Hashable, Sendable {
    /// The class's name and namespace are the firmware's too: reading checks them.
    package let resource: ResourceClass
    package private(set) var properties: [XMLElement]

    /// - Throws: ``WSManFault/unreadable(_:)`` when the element is no instance of the class.
    package init(_ element: XMLElement, of resource: ResourceClass) throws(WSManFault) {
        guard element.name == resource.name, element.namespace == resource.uri else {
            throw .unreadable("expected an instance of \(resource.name), got \(element.name)")
        }
        self.resource = resource
        properties = element.children
    }

    /// An instance that is not there yet, for a Create.
    package init(_ resource: ResourceClass, properties: [XMLElement]) {
        self.resource = resource
        self.properties = properties
    }

    /// The property's first element.
    package subscript(_ name: String) -> XMLElement? { properties.first { $0.name == name } }

    /// The property's text; `nil` when the firmware left the property out.
    package func text(_ name: String) -> String? { self[name]?.text }

    /// The texts of a property that is a list, which the firmware gives as a repeated element.
    package func texts(_ name: String) -> [String] { properties.filter { $0.name == name }.map(\.text) }

    /// The property as a number; `nil` when it is left out or no number.
    package func number(_ name: String) -> UInt32? { text(name).flatMap { UInt32($0) } }

    /// The property as a flag; `nil` when it is left out or no flag.
    ///
    /// Source: XML Schema part 2, section 3.2.2.
    package func flag(_ name: String) -> Bool? {
        switch text(name) {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    /// Checks that properties which this program reads have the type that it reads them as.
    ///
    /// - Throws: ``WSManFault/unreadable(_:)``, which names the property.
    package func check(numbers: [String] = [], flags: [String] = [], texts: [String] = []) throws(WSManFault) {
        for name in numbers where self[name] != nil && number(name) == nil {
            throw .unreadable("\(resource.name).\(name) is no number")
        }
        for name in flags where self[name] != nil && flag(name) == nil {
            throw .unreadable("\(resource.name).\(name) is neither true nor false")
        }
        for name in texts where self[name] == nil { throw .unreadable("\(resource.name) has no \(name)") }
    }

    /// Sets a property where it stands, or puts a new one where the alphabet has it, which is the firmware's order.
    package mutating func set(_ name: String, to texts: [String]) {
        let elements = texts.map { XMLElement(name, in: resource.uri, text: $0) }
        let place =
            properties.firstIndex { $0.name == name }
            ?? properties.firstIndex { name.utf8.lexicographicallyPrecedes($0.name.utf8) } ?? properties.endIndex
        let before = properties[..<place]
        let after = properties[place...].filter { $0.name != name }
        properties = before + elements + after
    }

    /// Sets a property, or with `nil` removes it.
    package mutating func set(_ name: String, to text: String?) { set(name, to: text.map { [$0] } ?? []) }
}
