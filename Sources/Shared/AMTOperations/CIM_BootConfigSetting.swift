package import LibXML
import Vocabulary
package import WSMan

/// A place that a machine can be told to boot from.
package enum BootSource: String, Hashable, Sendable {
    case network = "Intel(r) AMT: Force PXE Boot"
    case hardDrive = "Intel(r) AMT: Force Hard-drive Boot"

    /// The reference by which methods name it.
    var reference: EndpointReference {
        EndpointReference(ResourceClass.cim("BootSourceSetting"), [Selector("InstanceID", rawValue)])
    }
}

/// What CIM's methods answer where the schema of the class says no more.
private let cimRefusals: [UInt32: String] = [
    1: "not supported", 2: "failed: the machine is in a state that does not allow it", 4: "failed",
    5:
        "a parameter is invalid",
    0x8000 + 0x0821: "the user's consent is needed, as always in client control mode",
]

extension CIM {
    /// The order of places to boot from; one instance.
    package enum BootConfigSetting {
        package static let resource = ResourceClass.cim("BootConfigSetting")

        static let reference = EndpointReference(
            resource, [Selector("InstanceID", "Intel(r) AMT: Boot Configuration 0")])

        /// Chooses where the next boot comes from.
        package struct ChangeBootOrder: WSManOperation {
            package static let resource = BootConfigSetting.resource
            package static let verb = Verb.invoke("ChangeBootOrder")
            package static let refusals = cimRefusals
            package let source: BootSource?

            /// - Parameter source: The place; `nil` takes an earlier choice back.
            package init(_ source: BootSource?) { self.source = source }

            package var input: [XMLElement] {
                source.map { [XMLElement("Source", in: Self.resource.uri, children: $0.reference.content)] } ?? []
            }
        }
    }

    /// Says for which boots the chosen order counts; one instance.
    package enum BootService {
        package static let resource = ResourceClass.cim("BootService")

        /// Lets the order count for the next boot alone.
        package struct SetBootConfigRole: WSManOperation {
            package static let resource = BootService.resource
            package static let verb = Verb.invoke("SetBootConfigRole")
            package static let refusals = cimRefusals
            package init() {}

            package var input: [XMLElement] {
                [
                    XMLElement(
                        "BootConfigSetting", in: Self.resource.uri,
                        children: BootConfigSetting.reference.content),
                    Self.element("Role", "1"),  // IsNextSingleUse
                ]
            }
        }
    }

    /// The machine's power, as the firmware sees it; one instance.
    package enum AssociatedPowerManagementService: WSManClass {
        package static let resource = ResourceClass.cim("AssociatedPowerManagementService")

        /// - Returns: CIM's number: 2 on, 3 and 4 asleep, 7 hibernated, 6 and 8 off.
        package static func instance(from element: XMLElement) throws(WSManFault) -> UInt32 {
            guard let state = try ManagedObject(element, of: resource).number("PowerState") else {
                throw .unreadable("\(resource.name) has no PowerState")
            }
            return state
        }
    }

    /// Switches the machine; one instance.
    package enum PowerManagementService {
        package static let resource = ResourceClass.cim("PowerManagementService")

        /// Powers the machine on, or starts it anew.
        package struct RequestPowerStateChange: WSManOperation {
            package static let resource = PowerManagementService.resource
            package static let verb = Verb.invoke("RequestPowerStateChange")
            package static let refusals = cimRefusals
            package let state: UInt32

            /// - Parameter state: CIM's number: 2 on, 8 off, 10 reset.
            package init(_ state: UInt32) { self.state = state }

            /// Which change lets a machine boot that is in this state: a reset when it is on, else power.
            ///
            /// Source: network reference 7.2.
            package static func boot(from state: UInt32) -> Self { Self(state == 2 ? 10 : 2) }

            package var input: [XMLElement] {
                let machine = EndpointReference(
                    ResourceClass.cim("ComputerSystem"),
                    [Selector("CreationClassName", "CIM_ComputerSystem"), Selector("Name", "ManagedSystem")])
                return [
                    Self.element("PowerState", "\(state)"),
                    XMLElement("ManagedElement", in: Self.resource.uri, children: machine.content),
                ]
            }
        }
    }
}
