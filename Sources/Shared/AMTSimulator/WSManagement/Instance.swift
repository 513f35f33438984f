/// One property as the firmware writes it.
enum PropertyValue: Hashable, Sendable {
    case text(String)
    case list([String])
    case reference(resource: String, selectors: [String: String])
    case datetime(String)
    /// An array without elements where the firmware writes it: one element that closes itself.
    case empty

    static func number(_ value: some BinaryInteger) -> PropertyValue { .text("\(value)") }
    static func boolean(_ value: Bool) -> PropertyValue { .text(value ? "true" : "false") }
}

/// An instance of a class: its properties, sent in ASCII order of their names.
struct Instance: Hashable, Sendable {
    var className: String
    var properties: [String: PropertyValue]

    func text(_ name: String) -> String? {
        if case .text(let text) = properties[name] { text } else { nil }
    }

    /// Whether the selectors of a request mean this instance.
    func fits(_ selectors: [String: WSRequest.SelectorValue]) -> Bool {
        selectors.allSatisfy { name, value in
            switch (value, properties[name]) {
            case (.text(let wanted), .text(let found)): wanted == found
            // Every client writes the collection's name without its blank, and real firmware takes it: only the
            // certificate's reference is compared.
            case (.reference(_, let wanted), .reference(_, let found)):
                wanted["InstanceID"] == nil || wanted["InstanceID"] == found["InstanceID"]
            default: false
            }
        }
    }
}

/// What a method gives: its outputs in the order of the class's schema, and its status.
struct MethodAnswer {
    var outputs: [(String, PropertyValue)] = []
    var status: UInt32

    static func status(_ status: UInt32) -> MethodAnswer { .init(status: status) }
}
