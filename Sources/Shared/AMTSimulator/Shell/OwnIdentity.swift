import Synchronization

/// The certificate that a device makes for itself, made when somebody first wants to see it.
final class OwnIdentity: Sendable {
    private let made = Mutex<SelfSigned?>(nil)
    private let make: @Sendable () throws -> SelfSigned

    init(_ make: @escaping @Sendable () throws -> SelfSigned) { self.make = make }

    func get() throws -> SelfSigned {
        if let known = made.withLock({ $0 }) { return known }
        let new = try make()
        // Two connections may both have made one: the first that was kept is the device's.
        return made.withLock { made in
            if let made { return made }
            made = new
            return new
        }
    }
}
