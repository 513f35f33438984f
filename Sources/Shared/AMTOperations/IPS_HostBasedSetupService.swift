package import LibXML
package import Vocabulary
package import WSMan

extension IPS {
    /// The control mode of the firmware, and how the host may change it; one instance.
    ///
    /// Its methods are for programs on the host and not offered here.
    package enum HostBasedSetupService: WSManClass {
        package typealias Instance = Service
        package static let resource = ResourceClass.ips("HostBasedSetupService")
        package typealias Get = WSMan.Get<HostBasedSetupService>

        package static func instance(from element: XMLElement) throws(WSManFault) -> Service {
            let object = try ManagedObject(element, of: resource)
            try object.check(numbers: ["CurrentControlMode", "CertChainStatus"])
            guard let mode = object.number("CurrentControlMode") else {
                throw .unreadable("\(resource.name) has no CurrentControlMode")
            }
            let allowed = object.texts("AllowedControlModes").compactMap { UInt32($0) }
            guard allowed.count == object.texts("AllowedControlModes").count else {
                throw .unreadable("\(resource.name).AllowedControlModes holds what is no number")
            }
            return Service(
                currentControlMode: ControlMode(rawValue: mode),
                allowedControlModes: allowed.map { ControlMode(rawValue: $0) },
                configurationNonce: try object.text("ConfigurationNonce").map { text throws(WSManFault) in
                    try bytes(base64: text, "\(resource.name).ConfigurationNonce")
                },
                certificateChainStatus: object.number("CertChainStatus"))
        }
    }
}

extension IPS.HostBasedSetupService {
    /// The service's properties.
    package struct Service: Hashable, Sendable {
        package let currentControlMode: ControlMode
        package let allowedControlModes: [ControlMode]
        /// 20 bytes that a signature for setup must cover; made anew after every success.
        package let configurationNonce: [UInt8]?
        /// 0 not started, 1 in progress, 2 complete.
        package let certificateChainStatus: UInt32?
    }
}
