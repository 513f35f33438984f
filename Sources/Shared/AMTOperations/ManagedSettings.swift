package import LibXML
package import WSMan

/// Settings that are read, changed in places and written back whole.
///
/// What this program has no name for is in ``object`` and goes back as it came.
package protocol ManagedSettings: Hashable, Sendable {
    var object: ManagedObject { get }

    /// Checks the properties that this program reads.
    init(_ object: ManagedObject) throws(WSManFault)
}

extension WSManWritableClass where Instance: ManagedSettings {
    package static func instance(from element: XMLElement) throws(WSManFault) -> Instance {
        try Instance(try ManagedObject(element, of: resource))
    }

    package static func properties(of instance: Instance) -> [XMLElement] { instance.object.properties }
}

extension WSManOperation {
    /// A number of a method's answer.
    static func number(_ name: String, in output: XMLElement) throws(WSManFault) -> UInt32 {
        guard let number = output[name].flatMap({ UInt32($0.text) }) else {
            throw .unreadable("\(title): \(name) is missing or no number")
        }
        return number
    }

    /// A flag of a method's answer.
    static func flag(_ name: String, in output: XMLElement) throws(WSManFault) -> Bool {
        switch output[name]?.text {
        case "true"?, "1"?: return true
        case "false"?, "0"?: return false
        default: throw .unreadable("\(title): \(name) is missing or neither true nor false")
        }
    }

    /// The instance that a method made, by the key that its class calls `InstanceID`.
    static func created(_ name: String, in output: XMLElement, of resource: ResourceClass) throws(WSManFault) -> String
    {
        guard let element = output[name] else { throw .unreadable("\(title): the answer has no \(name)") }
        return try EndpointReference(element).key("InstanceID", of: resource)
    }
}
