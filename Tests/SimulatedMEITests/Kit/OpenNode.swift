import Glibc

/// What a system call gave: a value, or its errno.
enum Outcome<Value: Sendable & Equatable>: Sendable, Equatable {
    case done(Value)
    case failed(CInt)
}

/// An open file on the node, asked by plain system calls as any program does.
final class OpenNode: Sendable {
    let descriptor: CInt

    /// IOCTL_MEI_CONNECT_CLIENT, NOTIFY_SET and NOTIFY_GET of `include/uapi/linux/mei.h`.
    static let connect: UInt = 0xC010_4801
    static let notifySet: UInt = 0x4004_4802
    static let notifyGet: UInt = 0x8004_4803

    init(_ path: String, flags: CInt = 0) throws {
        descriptor = open(path, O_RDWR | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw Trouble("open \(path): errno \(errno)") }
    }

    /// Opened and connected.
    convenience init(_ path: String, client: [UInt8], flags: CInt = 0) throws {
        try self.init(path, flags: flags)
        guard case .done = connect(client) else { throw Trouble("connect: errno \(errno)") }
    }

    deinit { close(descriptor) }

    func connect(_ client: [UInt8]) -> Outcome<[UInt8]> { control(Self.connect, client) }

    /// The argument as the call left it.
    func control(_ request: UInt, _ argument: [UInt8]) -> Outcome<[UInt8]> {
        var argument = argument
        let outcome = argument.withUnsafeMutableBytes { bytes -> CInt in
            guard let start = bytes.baseAddress else { return ioctl(descriptor, request) }
            return ioctl(descriptor, request, start)
        }
        return outcome == 0 ? .done(argument) : .failed(errno)
    }

    func send(_ message: [UInt8]) -> Outcome<Int> {
        let count = write(descriptor, message, message.count)
        return count < 0 ? .failed(errno) : .done(count)
    }

    func receive(_ size: Int = 512) -> Outcome<[UInt8]> {
        var bytes = [UInt8](repeating: 0xEE, count: size)
        let count = read(descriptor, &bytes, size)
        return count < 0 ? .failed(errno) : .done(Array(bytes.prefix(count)))
    }

    /// The events that are there within the time; 0 is none.
    func events(_ wanted: CInt, milliseconds: CInt) -> Outcome<CInt> {
        var entry = pollfd(fd: descriptor, events: Int16(wanted), revents: 0)
        let count = poll(&entry, 1, milliseconds)
        return count < 0 ? .failed(errno) : .done(CInt(entry.revents))
    }
}
