/// How far a firmware is set up: before, within or after provisioning, in Intel's order.
///
/// Host interface 0x04000011 and `AMT_SetupAndConfigurationService.ProvisioningState` share the numbers.
package struct ProvisioningState: RawRepresentable, Hashable, Codable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let pre = ProvisioningState(rawValue: 0)
    package static let `in` = ProvisioningState(rawValue: 1)
    package static let post = ProvisioningState(rawValue: 2)
}

extension ProvisioningState: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pre: "pre"
        case .in: "in"
        case .post: "post"
        default: "unknown (\(rawValue))"
        }
    }
}

/// Who may do what without asking the user.
///
/// Host interface 0x0400006B: 0 none, 1 client (CCM), 2 admin (ACM), 3 remote assistance.
package struct ControlMode: RawRepresentable, Hashable, Codable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let none = ControlMode(rawValue: 0)
    package static let client = ControlMode(rawValue: 1)
    package static let admin = ControlMode(rawValue: 2)
}

extension ControlMode: CustomStringConvertible {
    package var description: String {
        switch self {
        case .none: "none"
        case .client: "client"
        case .admin: "admin"
        default: "unknown (\(rawValue))"
        }
    }
}
