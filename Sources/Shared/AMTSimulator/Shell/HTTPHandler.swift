import Glibc
import NIOCore

/// One connection to the firmware's web server.
final class HTTPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let host: FirmwareHost
    private var facts: ConnectionFacts
    private var collector = HTTPCollector()
    private var isBusy = false

    init(_ host: FirmwareHost, _ facts: ConnectionFacts) {
        self.host = host
        self.facts = facts
    }

    /// The client has proved by its certificate that it may set the machine up.
    func isSetUp() { facts.isSetUp = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        collector.append(unwrapInboundIn(data).readableBytesView)
        next(context)
    }

    /// One request at a time, in order.
    private func next(_ context: ChannelHandlerContext) {
        guard !isBusy else { return }
        switch collector.next() {
        case .incomplete: return
        case .unreadable: context.close(promise: nil)
        case .message(let message):
            isBusy = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            host.submit(message, on: facts) { delivery in
                loop.execute {
                    let (handler, context) = bound.value
                    handler.deliver(handler.host.delayed(delivery), context)
                }
            }
        }
    }

    private func deliver(_ delivery: FirmwareHost.Delivery, _ context: ChannelHandlerContext) {
        if case .late(let seconds, let later) = delivery {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
                let (handler, context) = bound.value
                handler.deliver(later, context)
            }
            return
        }
        isBusy = false
        switch delivery {
        case .late, .drop: context.close(promise: nil)
        case .flood(let head, let piece, let pause):
            context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: head)), promise: nil)
            pour(piece, .milliseconds(Int64(pause * 1000)), context)
        case .torn(let bytes):
            let written = context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)))
            let reset =
                (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                ?? context.eventLoop.makeSucceededVoidFuture()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.and(reset).whenComplete { _ in bound.value.close(promise: nil) }
        case .answer(let bytes, let closes):
            let written = context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)))
            if closes {
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                written.whenComplete { _ in bound.value.close(promise: nil) }
            } else {
                next(context)
            }
        }
    }

    /// Ends with the connection.
    private func pour(_ piece: [UInt8], _ pause: TimeAmount, _ context: ChannelHandlerContext) {
        let written = context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: piece)))
        let (loop, bound) = (context.eventLoop, NIOLoopBound((self, context), eventLoop: context.eventLoop))
        written.whenSuccess { _ in
            loop.scheduleTask(in: pause) {
                let (handler, context) = bound.value
                handler.pour(piece, pause, context)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
