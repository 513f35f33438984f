import Fleet
import NIOCore

/// Collects one connection's bytes until they are a hello or never will be.
///
/// The sender gets no answer; the connection is closed as soon as the packet is whole, its end is reached, or its time
/// is up. That is one time for all of it: a sender that says a byte now and then would hold a place for ever otherwise.
final class HelloHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var collected: [UInt8] = []
    private var settled = false
    private var end: Scheduled<Void>?
    private let time: TimeAmount
    private let settle: (HelloPacket.Reading) -> Void

    /// `settle` is told once: a packet, or why there was none within `time`.
    init(within time: TimeAmount, settle: @escaping (HelloPacket.Reading) -> Void) {
        (self.time, self.settle) = (time, settle)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        end = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.finish(context, .unreadable("not whole within its time, after \(self.collected.count) bytes"))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !settled else { return }
        collected += Array(unwrapInboundIn(data).readableBytesView)
        let reading = HelloPacket.read(collected)
        if reading != .incomplete { finish(context, reading) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: finish(context, readingAtEnd())
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { finish(context, readingAtEnd()) }

    /// What it was, now that nothing more comes.
    private func readingAtEnd() -> HelloPacket.Reading {
        let reading = HelloPacket.read(collected, isAll: true)
        return reading == .incomplete ? .unreadable("ended after \(collected.count) bytes") : reading
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(context, .unreadable("\(error)"))
    }

    private func finish(_ context: ChannelHandlerContext, _ reading: HelloPacket.Reading) {
        guard !settled else { return }
        settled = true
        settle(reading)
        context.close(promise: nil)
    }
}
