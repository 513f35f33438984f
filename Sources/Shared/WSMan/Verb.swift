/// What is done to a resource.
package enum Verb: Hashable, Sendable {
    case get
    case put
    case create
    case delete
    case enumerate
    case pull
    /// A method of the class, by its name.
    case invoke(String)

    /// The `Action` of a request that does this.
    package func action(on resource: ResourceClass) -> String {
        switch self {
        case .get: Namespace.transfer + "/Get"
        case .put: Namespace.transfer + "/Put"
        case .create: Namespace.transfer + "/Create"
        case .delete: Namespace.transfer + "/Delete"
        case .enumerate: Namespace.enumeration + "/Enumerate"
        case .pull: Namespace.enumeration + "/Pull"
        case .invoke(let method): "\(resource.uri)/\(method)"
        }
    }
}

extension Verb: CustomStringConvertible {
    /// The word as it stands at the end of the action.
    package var description: String {
        switch self {
        case .get: "Get"
        case .put: "Put"
        case .create: "Create"
        case .delete: "Delete"
        case .enumerate: "Enumerate"
        case .pull: "Pull"
        case .invoke(let method): method
        }
    }
}
