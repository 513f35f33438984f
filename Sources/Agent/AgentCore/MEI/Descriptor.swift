import Glibc

/// An open file, owned: it closes when it goes.
struct Descriptor: ~Copyable {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { close(number) }

    /// What became of waiting.
    enum Readiness {
        case readable(hungUp: Bool)
        case gone
        case late
    }

    /// Waits until there is something to read.
    ///
    /// A reset of the management engine shows as POLLERR, the end of a socket as POLLHUP or POLLRDHUP. A signal does not
    /// end the waiting and does not lengthen it.
    borrowing func awaitInput(until deadline: ContinuousClock.Instant) -> Readiness {
        var entry = pollfd(fd: number, events: Int16(POLLIN) | Self.peerClosed, revents: 0)
        while true {
            let count = poll(&entry, 1, (deadline - .now).milliseconds)
            if count > 0 { break }
            if count == 0 || errno != EINTR { return count == 0 ? .late : .gone }
        }
        let hungUp = entry.revents & (Int16(POLLHUP) | Self.peerClosed) != 0
        if entry.revents & Int16(POLLIN) != 0 { return .readable(hungUp: hungUp) }
        return .gone
    }

    /// POLLRDHUP, 0x2000 on Linux; the header hides it unless `_GNU_SOURCE` is defined.
    private static let peerClosed: Int16 = 0x2000
}
