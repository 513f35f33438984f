import Glibc
import SimulatedMEI
import Testing

@Suite("The device node", .serialized, .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"))
struct DeviceNodeTests {
    private let echo = ScriptedFirmware.echo

    @Test("is the only file in its mount, for its owner alone")
    func listing() throws {
        let site = try Site()
        #expect(names(in: site.folder.path + "/node") == ["mei0"])
        var status = stat()
        #expect(stat(site.node.path, &status) == 0)
        #expect(status.st_mode == S_IFREG | 0o600)
        #expect(status.st_uid == geteuid())
        #expect(access(site.folder.path + "/node/mei1", F_OK) == -1 && errno == ENOENT)
        #expect(open(site.folder.path + "/node/mei1", O_RDWR | O_CREAT | O_CLOEXEC, 0o600) == -1 && errno == ENOSYS)
        #expect(unlink(site.node.path) == -1)
    }

    @Test("tells who connects the longest message and the version, and leaves the rest of the GUID")
    func connects() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path)
        #expect(file.connect(echo) == .done([0x00, 0x02, 0, 0, 4, 0, 0, 0] + echo[8...]))
        #expect(
            try OpenNode(site.node.path).connect(ScriptedFirmware.other)
                == .done([0, 2, 0, 0, 1, 0, 0, 0] + (0x38..<0x40)))
    }

    @Test("refuses as the driver does: an unknown client, one that is taken, a second connect, an unknown ioctl")
    func refuses() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path)
        #expect(file.connect(ScriptedFirmware.unknown) == .failed(ENOTTY))
        #expect(file.connect(ScriptedFirmware.taken) == .failed(EBUSY))
        #expect(file.control(0xC010_4809, echo) == .failed(ENOTTY))
        #expect(file.control(OpenNode.notifySet, [1, 0, 0, 0]) == .failed(ENODEV))
        #expect(file.connect(echo) != .failed(ENOTTY))
        #expect(file.connect(echo) == .failed(EBUSY))
        #expect(file.control(0xC010_4809, echo) == .failed(ENOTTY))
        #expect(file.control(OpenNode.notifySet, [1, 0, 0, 0]) == .done([1, 0, 0, 0]))
        #expect(file.control(OpenNode.notifyGet, [9, 9, 9, 9]) == .done([0, 0, 0, 0]))
        #expect(site.firmware.connected.count == 1)
    }

    @Test("neither takes nor gives before it is connected")
    func unconnected() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path)
        #expect(file.send([1]) == .failed(ENODEV))
        #expect(file.receive() == .failed(ENODEV))
        #expect(file.events(POLLIN, milliseconds: 60_000) == .done(POLLERR))
        #expect(site.firmware.received.isEmpty)
    }

    @Test("carries one message a write and one a read, in order")
    func messages() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: echo)
        #expect(file.send(answering([7, 8, 9])) == .done(4))
        #expect(file.send([ScriptedFirmware.Order.many.rawValue, 4, 5]) == .done(3))
        #expect(file.receive() == .done([7, 8, 9]))
        #expect(file.receive() == .done([4]))
        #expect(file.receive() == .done([5]))
        #expect(site.firmware.received == [answering([7, 8, 9]), [3, 4, 5]])
    }

    @Test("keeps what a short read leaves of a message, and never joins two")
    func shortReads() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: echo)
        let long = Array(UInt8(0)..<100)
        #expect(file.send(answering(long)) == .done(101))
        #expect(file.send(answering([200])) == .done(2))
        #expect(file.receive(30) == .done(Array(long[..<30])))
        #expect(file.receive(30) == .done(Array(long[30..<60])))
        #expect(file.receive(512) == .done(Array(long[60...])))
        #expect(file.receive(512) == .done([200]))
    }

    @Test("takes a message of the longest length and none that is longer")
    func tooLong() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: echo)
        let longest = Int(ScriptedFirmware.longestMessage)
        #expect(file.send(Array(repeating: 2, count: longest + 1)) == .failed(EFBIG))
        #expect(file.send(Array(repeating: 2, count: 200_000)) == .failed(EFBIG))
        #expect(site.firmware.received.isEmpty)
        let message = answering(Array(repeating: 0xAB, count: longest - 1))
        #expect(file.send(message) == .done(longest))
        #expect(file.receive(200_000) == .done(Array(message.dropFirst())))
    }

    @Test("lets nobody seek, and takes nothing for nothing")
    func noSeek() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: echo)
        #expect(lseek(file.descriptor, 0, SEEK_SET) == -1 && errno == ESPIPE)
        #expect(file.send([]) == .done(0))
        #expect(file.receive(0) == .done([]))
        #expect(site.firmware.received.isEmpty)
    }

    @Test("does not wait where it was told not to, when opened or later")
    func nonBlocking() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: echo, flags: O_NONBLOCK)
        #expect(file.receive() == .failed(EAGAIN))
        #expect(file.send(answering([1])) == .done(2))
        #expect(file.receive() == .done([1]))
        let later = try OpenNode(site.node.path, client: echo)
        #expect(fcntl(later.descriptor, F_SETFL, O_NONBLOCK) == 0)
        #expect(later.receive() == .failed(EAGAIN))
    }

    @Test("serves several at once, each with its own answers")
    func several() throws {
        let site = try Site()
        let first = try OpenNode(site.node.path, client: echo)
        let second = try OpenNode(site.node.path, client: ScriptedFirmware.other)
        #expect(second.send(answering([2])) == .done(2))
        #expect(first.send(answering([1])) == .done(2))
        #expect(first.receive() == .done([1]))
        #expect(second.receive() == .done([2]))
        #expect(site.firmware.connected.map(\.client) == [echo, ScriptedFirmware.other])
    }

    @Test("disconnects with the last descriptor of an open file, and only then")
    func disconnects() throws {
        let site = try Site()
        do {
            let file = try OpenNode(site.node.path, client: echo)
            let other = dup(file.descriptor)
            #expect(close(other) == 0)
            #expect(file.send(answering([1])) == .done(2))
            #expect(site.firmware.closed.isEmpty)
        }
        // The kernel releases after close has returned; the next request on the same connection comes behind it.
        let next = try OpenNode(site.node.path, client: echo)
        #expect(next.send([2]) == .done(1))
        #expect(site.firmware.closed == [MEIConnection(client: echo, number: 1)])
    }
}
