import Foundation
package import NIOCore
import NIOPosix

/// Says hello by the schedule while the firmware is in set-up mode, from its own address.
package struct HelloSender: Sendable {
    private let host: FirmwareHost
    private let server: (host: String, port: Int)
    private let speedUp: Double
    private let gate: Gate?
    private let group: any EventLoopGroup
    private let say: @Sendable (String) -> Void

    package init(
        _ host: FirmwareHost, server: (host: String, port: Int), speedUp: Double, gate: Gate? = nil,
        group: any EventLoopGroup, say: @escaping @Sendable (String) -> Void
    ) {
        self.gate = gate
        self.host = host
        self.server = server
        self.speedUp = speedUp
        self.group = group
        self.say = say
    }

    private enum Event {
        case change
        /// The next hello of this set-up period is due.
        case due(Int)
    }

    /// Runs until it is cancelled.
    package func run() async {
        let (events, teller) = AsyncStream.makeStream(of: Event.self)
        host.onRestart { _ in teller.yield(.change) }
        teller.yield(.change)
        var announced: Int?
        var count = 0
        var timer: Scheduled<Void>?
        defer { timer?.cancel() }
        for await event in events {
            let period: Int? = host.with { $0.firmware.saysHello ? $0.firmware.setUpPeriods : nil }
            switch event {
            case .due(let wanted): guard wanted == period else { continue }
            case .change:
                guard period != announced else { continue }
                timer?.cancel()
                announced = period
                count = 0
            }
            guard let period else { continue }
            let packet = host.with { state in
                state.hellos += 1
                return state.firmware.hello(retry: UInt32(count))
            }
            await gate?.enter()
            await send(packet)
            await gate?.leave()
            count += 1
            if let pause = SimulatedFirmware.pause(afterHello: count) {
                let nanoseconds = TimeAmount.nanoseconds(Int64(pause / speedUp * 1e9))
                timer = group.next().scheduleTask(in: nanoseconds) { _ = teller.yield(.due(period)) }
            } else {
                // Only a change begins it anew, also one that finds the same set-up period.
                say("no more hellos: the set-up period is over")
                announced = nil
            }
        }
    }

    private func send(_ packet: [UInt8]) async {
        let address = host.with { $0.firmware.ipv4.address }
        do {
            let channel = try await ClientBootstrap(group: group)
                .bind(to: try SocketAddress(ipAddress: address, port: 0))
                .connect(host: server.host, port: server.port).get()
            try await channel.writeAndFlush(ByteBuffer(bytes: packet))
            try? await channel.close()  // the server may have closed it already: nothing is answered to a hello
            say("hello sent to \(server.host):\(server.port)")
        } catch {
            say("hello not sent: \(error)")
        }
    }
}

/// Lets so many through at a time.
///
/// Ten thousand devices that say hello at once would need as many descriptors, and overrun any listener's queue.
package actor Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var next = 0

    package init(_ width: Int) { free = width }

    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        guard next < waiting.count else {
            free += 1
            return
        }
        // The first come goes first; the list is shortened now and then, since removing its first costs its length.
        let first = waiting[next]
        next += 1
        if next > 1024 {
            waiting.removeFirst(next)
            next = 0
        }
        first.resume()
    }
}
