import Glibc
import NIOCore
import NIOPosix

/// UDP port 623 of a whole fleet: one socket, and the address that a ping came to tells whose it is.
final class FleetPresence: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let device: (String) -> FirmwareHost?
    /// The channel's socket once more: its own way out cannot say which address a datagram leaves from.
    private let descriptor: CInt

    private init(_ descriptor: CInt, device: @escaping (String) -> FirmwareHost?) {
        self.descriptor = descriptor
        self.device = device
    }

    /// Opens the port.
    ///
    /// - Returns: `nil` where this user may not have it.
    /// - Throws: ``SimulationFault`` that names the port.
    static func open(
        port: Int, group: any EventLoopGroup, device: @escaping @Sendable (String) -> FirmwareHost?
    ) async throws -> (any Channel)? {
        guard let descriptor = try LoopbackListener.open(port: port, takesDatagrams: true) else { return nil }
        let second = dup(descriptor)
        guard second >= 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw SimulationFault("no descriptor for port \(port): \(reason).", exitCode: 69)
        }
        return try await DatagramBootstrap(group: group)
            .channelOption(.receivePacketInfo, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FleetPresence(second, device: device))
                }
            }
            .withBoundSocket(descriptor).get()
    }

    func handlerRemoved(context: ChannelHandlerContext) { close(descriptor) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = unwrapInboundIn(data)
        let bytes = Array(datagram.data.readableBytesView)
        guard let address = datagram.metadata?.packetInfo?.destinationAddress.ipAddress,
            let pong = device(address)?.with({ $0.firmware.pong(to: bytes) })
        else { return }
        // What cannot be sent is lost, as a datagram may be.
        _ = send(pong, from: address, to: datagram.remoteAddress)
    }

    private struct Control {
        var header = cmsghdr()
        var information = in_pktinfo()
    }

    private func send(_ bytes: [UInt8], from address: String, to client: SocketAddress) -> Bool {
        var control = Control()
        control.header.cmsg_len = MemoryLayout<cmsghdr>.size + MemoryLayout<in_pktinfo>.size
        control.header.cmsg_level = CInt(IPPROTO_IP)
        control.header.cmsg_type = CInt(IP_PKTINFO)
        guard inet_pton(AF_INET, address, &control.information.ipi_spec_dst) == 1 else { return false }
        var bytes = bytes
        return client.withSockAddr { target, length in
            bytes.withUnsafeMutableBytes { buffer in
                withUnsafeMutableBytes(of: &control) { control in
                    var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var message = msghdr()
                        message.msg_name = UnsafeMutableRawPointer(mutating: target)
                        message.msg_namelen = socklen_t(length)
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        message.msg_control = control.baseAddress
                        message.msg_controllen = MemoryLayout<Control>.stride
                        return sendmsg(descriptor, &message, 0) == buffer.count
                    }
                }
            }
        }
    }
}
