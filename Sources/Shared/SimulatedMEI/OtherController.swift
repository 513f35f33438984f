import Glibc

/// A controller that takes a number among the MEI devices and has no client that anybody asks for: a graphics card's.
package struct OtherController: MEIFirmware {
    package init() {}

    package func connect(_ client: [UInt8]) -> MEIConnectAnswer { .refused(errno: ENOTTY) }
    package func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]] { [] }
    package func closed(_ connection: MEIConnection) {}
}
