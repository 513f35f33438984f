package import LibXML

/// A class whose instances can be read.
///
/// Conformers are the namespaces of `AMTOperations`, one a firmware class; ``Instance`` is the typed value.
package protocol WSManClass: Sendable {
    associatedtype Instance: Sendable

    static var resource: ResourceClass { get }

    /// Reads one instance, as a Get or a Pull answers it.
    static func instance(from element: XMLElement) throws(WSManFault) -> Instance
}

/// A class whose instances are written back as they were read, but for what the caller changed.
package protocol WSManWritableClass: WSManClass {
    /// Every property of the instance, in order.
    static func properties(of instance: Instance) -> [XMLElement]
}

extension WSManClass where Instance == ManagedObject {
    package static func instance(from element: XMLElement) throws(WSManFault) -> Instance {
        try ManagedObject(element, of: resource)
    }
}

/// Reads an instance of a class.
package struct Get<Class: WSManClass>: WSManOperation {
    package static var resource: ResourceClass { Class.resource }
    package static var verb: Verb { .get }
    package let selectors: [Selector]

    /// Reads the class's only instance, or the one that the selectors name.
    package init(_ selectors: [Selector] = []) { self.selectors = selectors }

    package static func output(from body: XMLElement?) throws(WSManFault) -> Class.Instance {
        guard let body else { throw .unreadable("\(title): the answer is empty") }
        return try Class.instance(from: body)
    }
}

/// Writes a whole instance back.
///
/// Firmware answers with the instance as it is now.
package struct Put<Class: WSManWritableClass>: WSManOperation {
    package static var resource: ResourceClass { Class.resource }
    package static var verb: Verb { .put }
    package let selectors: [Selector]
    package let instance: Class.Instance

    /// Writes the class's only instance, or the one that the selectors name.
    package init(_ instance: Class.Instance, _ selectors: [Selector] = []) {
        self.instance = instance
        self.selectors = selectors
    }

    package var input: [XMLElement] { Class.properties(of: instance) }

    package static func output(from body: XMLElement?) throws(WSManFault) -> Class.Instance {
        guard let body else { throw .unreadable("\(title): the answer is empty") }
        return try Class.instance(from: body)
    }
}

/// Deletes an instance.
package struct Delete<Class: WSManClass>: WSManOperation {
    package static var resource: ResourceClass { Class.resource }
    package static var verb: Verb { .delete }
    package let selectors: [Selector]

    package init(_ selectors: [Selector]) { self.selectors = selectors }

    package static func output(from body: XMLElement?) throws(WSManFault) {
        if let body { throw .unreadable("\(title): expected an empty body, got \(body.name)") }
    }
}
