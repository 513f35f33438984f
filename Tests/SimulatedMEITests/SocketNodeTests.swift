import Glibc
import SimulatedMEI
import Testing

@Suite("The socket node", .serialized)
struct SocketNodeTests {
    private let folder: Folder
    private let firmware = ScriptedFirmware()
    private let echo = ScriptedFirmware.echo

    init() throws { folder = try Folder() }

    private var path: String { folder.path + "/mei.socket" }

    private func withNode(_ body: (SocketNode) throws -> Void) throws {
        let node = try SocketNode(path: path, firmware: firmware)
        defer { node.stop() }
        try body(node)
    }

    @Test("answers the GUID with what the connect ioctl gives, then carries a message a packet")
    func messages() throws {
        try withNode { node in
            let client = try PacketClient(node.path)
            #expect(client.send(echo) == .done(16))
            #expect(client.receive() == .done([0, 0, 0, 0] + [0, 2, 0, 0, 4, 0, 0, 0] + echo[8...]))
            #expect(client.send(answering([7, 8])) == .done(3))
            #expect(client.receive() == .done([7, 8]))
            #expect(client.send([ScriptedFirmware.Order.many.rawValue, 1, 2]) == .done(3))
            #expect(client.receive() == .done([1]))
            #expect(client.receive() == .done([2]))
        }
    }

    @Test(
        "answers a refusal with its errno and ends the connection",
        arguments: [(ScriptedFirmware.unknown, ENOTTY), (ScriptedFirmware.taken, EBUSY)])
    func refuses(client guid: [UInt8], number: CInt) throws {
        try withNode { node in
            let client = try PacketClient(node.path)
            #expect(client.send(guid) == .done(16))
            #expect(client.receive() == .done([UInt8(number), 0, 0, 0]))
            #expect(client.isOver)
        }
    }

    @Test("ends a connection that does not begin with 16 bytes", arguments: [1, 15, 17, 1000])
    func noGUID(count: Int) throws {
        try withNode { node in
            let client = try PacketClient(node.path)
            #expect(client.send(Array(repeating: 0x10, count: count)) == .done(count))
            #expect(client.isOver)
            #expect(firmware.connected.isEmpty)
        }
    }

    @Test("takes a message of the longest length, and ends the connection at one that is longer")
    func tooLong() throws {
        try withNode { node in
            let longest = Int(ScriptedFirmware.longestMessage)
            let client = try PacketClient(node.path, client: echo)
            let message = answering(Array(repeating: 0xCD, count: longest - 1))
            #expect(client.send(message) == .done(longest))
            #expect(client.receive() == .done(Array(message.dropFirst())))
            #expect(client.send(message + [0]) == .done(longest + 1))
            #expect(client.isOver)
            #expect(firmware.received == [message])
        }
    }

    @Test("serves several at once, and tells the firmware who goes")
    func several() throws {
        try withNode { node in
            let first = try PacketClient(node.path, client: echo)
            let second = try PacketClient(node.path, client: ScriptedFirmware.other)
            #expect(second.send(answering([2])) == .done(2))
            #expect(first.send(answering([1])) == .done(2))
            #expect(first.receive() == .done([1]))
            #expect(second.receive() == .done([2]))
            shutdown(second.descriptor, CInt(SHUT_WR))
            #expect(second.isOver)
            #expect(firmware.closed.map(\.client) == [ScriptedFirmware.other])
            #expect(first.send(answering([3])) == .done(2))
            #expect(first.receive() == .done([3]))
        }
    }

    @Test("brings messages that nobody asked for to their connection alone")
    func pushed() throws {
        try withNode { node in
            let first = try PacketClient(node.path, client: echo)
            let second = try PacketClient(node.path, client: echo)
            let connection = try #require(firmware.connected.last)
            let reader = try Pending { second.receive() }.untilBlocked()
            node.push([9], to: connection)
            #expect(try reader.value() == .done([9]))
            node.push([9], to: MEIConnection(client: echo, number: 99))
            #expect(first.send(answering([1])) == .done(2))
            #expect(first.receive() == .done([1]))
        }
    }

    @Test("disconnects one that is pushed to and never reads, rather than wait for it")
    func neverReads() throws {
        try withNode { node in
            let client = try PacketClient(node.path, client: echo)
            let connection = try #require(firmware.connected.first)
            // More than a socket of Linux holds by itself (net.core.wmem_default, 212992 bytes on most machines).
            for _ in 0..<20_000 { node.push(Array(repeating: 1, count: 512), to: connection) }
            var packets = 0
            while case .done(let packet) = client.receive(), !packet.isEmpty { packets += 1 }
            #expect(packets > 0 && packets < 20_000)
        }
    }

    @Test("ends every connection when the ME resets, and takes new ones")
    func vanishes() throws {
        try withNode { node in
            let clients = try (0..<3).map { _ in try PacketClient(node.path, client: echo) }
            let reader = try Pending { clients[0].receive() }.untilBlocked()
            node.vanish()
            #expect(try reader.value() == .done([]))
            for client in clients.dropFirst() { #expect(client.isOver) }
            #expect(try PacketClient(node.path, client: echo).send(answering([1])) == .done(2))
        }
    }

    @Test("is for its owner alone, and gone once stopped")
    func stops() throws {
        let node = try SocketNode(path: path, firmware: firmware)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode == S_IFSOCK | 0o600)
        let client = try PacketClient(path, client: echo)
        node.stop()
        node.stop()
        #expect(client.isOver)
        #expect(lstat(path, &status) == -1 && errno == ENOENT)
    }

    @Test("replaces a socket that nobody listens on, but no live one and nothing else")
    func occupied() throws {
        let left = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(left)
        try withNode { node in
            let live = try #require(throws: NodeFault.self) { _ = try SocketNode(path: path, firmware: firmware) }
            #expect(live.description.contains("already"))
            #expect(try PacketClient(node.path, client: echo).send(answering([1])) == .done(2))
        }
        let file = try folder.file("precious")
        let fault = try #require(throws: NodeFault.self) { _ = try SocketNode(path: file, firmware: firmware) }
        #expect(fault.description.contains("not a socket"))
        #expect(access(file, F_OK) == 0)
        #expect(throws: NodeFault.self) {
            _ = try SocketNode(path: "/tmp/" + String(repeating: "x", count: 200), firmware: firmware)
        }
    }
}
