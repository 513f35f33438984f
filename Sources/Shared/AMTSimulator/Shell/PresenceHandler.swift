import NIOCore

/// UDP port 623 of one device.
final class PresenceHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let host: FirmwareHost

    init(_ host: FirmwareHost) { self.host = host }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = unwrapInboundIn(data)
        let bytes = Array(datagram.data.readableBytesView)
        guard let pong = host.with({ $0.firmware.pong(to: bytes) }) else { return }
        let answer = AddressedEnvelope(
            remoteAddress: datagram.remoteAddress, data: context.channel.allocator.buffer(bytes: pong))
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}
