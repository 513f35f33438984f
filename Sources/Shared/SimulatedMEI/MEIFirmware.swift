/// A firmware as the MEI driver sees it; called from the device's own thread, one call at a time per connection.
package protocol MEIFirmware: Sendable {
    /// A client asks for the ME client with this GUID (16 wire bytes).
    func connect(_ client: [UInt8]) -> MEIConnectAnswer
    /// One message from the host on a connection; the answers are queued for reading in order.
    func receive(_ message: [UInt8], from connection: MEIConnection) -> [[UInt8]]
    func closed(_ connection: MEIConnection)
    /// The host knows that it is connected: what the firmware says unasked may be pushed from now on.
    func opened(_ connection: MEIConnection)
    /// The errno with which the device cannot be opened now, as while the engine resets; 0 where it can.
    func opening() -> CInt
}

extension MEIFirmware {
    package func opened(_ connection: MEIConnection) {}
    package func opening() -> CInt { 0 }
}

package enum MEIConnectAnswer: Sendable {
    case accepted(MEIConnection, longestMessage: UInt32, protocolVersion: UInt8)
    case refused(errno: CInt)
}

package struct MEIConnection: Hashable, Sendable {
    package var client: [UInt8]
    package var number: UInt64

    package init(client: [UInt8], number: UInt64) {
        self.client = client
        self.number = number
    }
}
