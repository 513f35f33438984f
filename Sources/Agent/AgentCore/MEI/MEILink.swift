import AMTHI
import CMEI
import Glibc

/// One connection to a client of the firmware: write a message, read a message.
///
/// Each write is one whole message, each read brings one. A link that lost its peer stays lost; a new one must be made.
struct MEILink: ~Copyable {
    private let descriptor: Descriptor
    private let isSocket: Bool
    /// In bytes, as the client said when it was connected.
    let longestMessage: Int

    /// The client that answers host interface commands, 12f80028-b4b7-4b2d-aca8-46e0ff65814c, as the kernel takes it.
    ///
    /// Source: `HECI_if.h` in Intel LMS.
    static let hostInterface: [UInt8] = [
        0x28, 0x00, 0xf8, 0x12, 0xb7, 0xb4, 0x2d, 0x4b, 0xac, 0xa8, 0x46, 0xe0, 0xff, 0x65, 0x81, 0x4c,
    ]

    /// The client that forwards ports (LME), 6733a4db-0476-4e7b-b3af-bcfc29bee7a7; source as above.
    static let portForwarding: [UInt8] = [
        0xdb, 0xa4, 0x33, 0x67, 0x76, 0x04, 0x7b, 0x4e, 0xb3, 0xaf, 0xbc, 0xfc, 0x29, 0xbe, 0xe7, 0xa7,
    ]

    /// The watchdog client, 05b79a6f-4628-4d7f-899d-a91514cb32ab, which also tells whether AMT is switched on; source as above.
    static let watchdog: [UInt8] = [
        0x6f, 0x9a, 0xb7, 0x05, 0x28, 0x46, 0x7f, 0x4d, 0x89, 0x9d, 0xa9, 0x15, 0x14, 0xcb, 0x32, 0xab,
    ]

    /// Why there is no link.
    enum Refusal: Error {
        /// It may be there in a moment: another program holds it, or the management engine is resetting.
        case notNow(errno: CInt)
        case fault(HostInterfaceFault)
    }

    private init(_ descriptor: consuming Descriptor, isSocket: Bool, properties: [UInt8]) {
        self.descriptor = descriptor
        self.isSocket = isSocket
        longestMessage = Int(properties.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    /// Sends one message.
    ///
    /// - Returns: 0, or the errno; the firmware has the message only after 0.
    borrowing func write(_ message: [UInt8]) -> CInt {
        guard message.count <= longestMessage else { return EFBIG }
        while true {
            // A socket whose peer is gone would raise SIGPIPE.
            let count =
                isSocket
                ? send(descriptor.number, message, message.count, Int32(MSG_NOSIGNAL))
                : Glibc.write(descriptor.number, message, message.count)
            if count == message.count { return 0 }
            if count >= 0 { return EMSGSIZE }
            if errno != EINTR { return [EPIPE, ECONNRESET].contains(errno) ? ENODEV : errno }
        }
    }

    /// Takes the next message.
    ///
    /// - Throws: ``HostInterfaceFault/silent(seconds:)`` at the deadline, ``HostInterfaceFault/vanished(during:)`` when
    ///   the peer went away.
    borrowing func read(within limit: Duration) throws(HostInterfaceFault) -> [UInt8] {
        let deadline = ContinuousClock.now + limit
        // The size is the firmware's word; 64 KiB is far above any that is known.
        var buffer = [UInt8](repeating: 0, count: min(max(longestMessage, 512), 65_536))
        while true {
            let hungUp: Bool
            switch descriptor.awaitInput(until: deadline) {
            case .late: throw .silent(seconds: limit.seconds)
            case .gone: throw .vanished(during: "waiting for the answer")
            case .readable(let closed): hungUp = closed
            }
            let count = Glibc.read(descriptor.number, &buffer, buffer.count)
            // At the end of a socket there are no bytes either, but the peer has hung up.
            if count == 0, hungUp { throw .vanished(during: "waiting for the answer") }
            if count >= 0 { return Array(buffer.prefix(count)) }
            switch errno {
            case EINTR, EAGAIN: continue
            case ENODEV, ECONNRESET: throw .vanished(during: "reading the answer")
            default: throw .device(errno: errno, during: "reading the answer")
            }
        }
    }

    // MARK: making the link

    /// Opens the device and connects to a client, once.
    static func open(
        _ address: DeviceAddress, client: [UInt8] = hostInterface, answerWithin limit: Duration
    ) throws(Refusal) -> MEILink {
        switch address {
        case .probe: throw .fault(.noManagementEngine(device: "\(address)"))
        case .node(let path): try open(node: path, client)
        case .socket(let path): try open(socket: path, client, device: "\(address)", within: limit)
        }
    }

    private static func open(node path: String, _ client: [UInt8]) throws(Refusal) -> MEILink {
        let number = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard number >= 0 else { throw Self.refusal(errno, opening: path) }
        let opened = Descriptor(number)
        var properties = [UInt8](repeating: 0, count: 16)
        let outcome = cmei_connect_client(opened.number, client, &properties)
        guard outcome == 0 else { throw Self.refusal(outcome, connecting: path) }
        return MEILink(opened, isSocket: false, properties: properties)
    }

    private static func open(
        socket path: String, _ client: [UInt8], device: String, within limit: Duration
    ) throws(Refusal) -> MEILink {
        let number = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Self.refusal(errno, opening: device) }
        let opened = Descriptor(number)
        let outcome = connectToPeer(opened, path: path)
        guard outcome == 0 else { throw Self.refusal(outcome, opening: device) }
        let properties = try introduce(opened, client, device: device, within: limit)
        return MEILink(opened, isSocket: true, properties: properties)
    }

    /// Names the client to a socket's peer and takes its properties.
    ///
    /// The first packet is the GUID. The answer is an errno in four bytes, little-endian, and after 0 the sixteen bytes
    /// that the ioctl would have left.
    private static func introduce(
        _ peer: borrowing Descriptor, _ client: [UInt8], device: String, within limit: Duration
    ) throws(Refusal) -> [UInt8] {
        guard send(peer.number, client, 16, Int32(MSG_NOSIGNAL)) == 16 else {
            throw .notNow(errno: ENODEV)
        }
        switch peer.awaitInput(until: .now + limit) {
        case .late: throw .fault(.silent(seconds: limit.seconds))
        case .gone: throw .notNow(errno: ENODEV)
        case .readable: break
        }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = recv(peer.number, &answer, answer.count, 0)
        guard count > 0 else { throw .notNow(errno: ENODEV) }
        guard count >= 4 else { throw .fault(.answerUnreadable("connecting was answered with \(count) bytes")) }
        let outcome = CInt(truncatingIfNeeded: answer[..<4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        guard outcome == 0 else { throw refusal(outcome, connecting: device) }
        guard count == 20 else {
            throw .fault(.answerUnreadable("connecting was answered with \(count) bytes, expected 20"))
        }
        return Array(answer[4..<20])
    }

    private static func refusal(_ errno: CInt, opening device: String) -> Refusal {
        switch errno {
        case ENOENT, ENXIO, ENOTDIR, ECONNREFUSED: .fault(.noManagementEngine(device: device))
        case EACCES, EPERM: .fault(.forbidden(device: device))
        case ENODEV, EBUSY, EINTR, EAGAIN: .notNow(errno: errno)
        default: .fault(.device(errno: errno, during: "opening \(device)"))
        }
    }

    private static func refusal(_ errno: CInt, connecting device: String) -> Refusal {
        switch errno {
        case ENOTTY: .fault(.noHostInterface(device: device))
        case ENODEV, EBUSY, EINTR: .notNow(errno: errno)
        // The driver gave the firmware 15 s to answer (drivers/misc/mei/client.c).
        case EFAULT: .fault(.silent(seconds: 15))
        default: .fault(.device(errno: errno, during: "connecting to the host interface at \(device)"))
        }
    }
}

/// - Returns: 0, or the errno.
private func connectToPeer(_ descriptor: borrowing Descriptor, path: String) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return ENAMETOOLONG }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let number = descriptor.number
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 ? 0 : errno
        }
    }
}
