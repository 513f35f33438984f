import Glibc
import SimulatedMEI
import Testing

@Suite("Waiting on the device node", .serialized, .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"))
struct WaitingTests {
    private let site: Site
    private let file: OpenNode

    init() throws {
        site = try Site()
        file = try OpenNode(site.node.path, client: ScriptedFirmware.echo)
    }

    private func readerThatWaits() throws -> Pending<Outcome<[UInt8]>> {
        try Pending { [file] in file.receive() }.untilBlocked()
    }

    @Test("does not keep another thread from writing on the same descriptor")
    func writeBesideRead() throws {
        let reader = try readerThatWaits()
        let writer = try Pending { [file] in file.send(answering([1, 2, 3])) }
        #expect(try writer.value() == .done(4))
        #expect(try reader.value() == .done([1, 2, 3]))
    }

    @Test("gives several readers a message each")
    func severalReaders() throws {
        let readers = [try readerThatWaits(), try readerThatWaits()]
        #expect(file.send([ScriptedFirmware.Order.many.rawValue, 4, 5]) == .done(3))
        var got: Set<[UInt8]> = []
        for reader in readers {
            if case .done(let message) = try reader.value() { got.insert(message) }
        }
        #expect(got == [[4], [5]])
    }

    @Test("ends with EINTR at a signal, and loses no message by it")
    func interrupted() throws {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        action.sa_flags = SA_RESTART
        #expect(sigaction(SIGUSR2, &action, nil) == 0)
        let reader = try readerThatWaits()
        reader.interrupt(SIGUSR2)
        #expect(try reader.value() == .failed(EINTR))
        #expect(file.send(answering([6])) == .done(2))
        #expect(file.receive() == .done([6]))
    }

    @Test("for a message ends with the time given")
    func pollsInVain() throws {
        #expect(file.events(POLLIN, milliseconds: 0) == .done(0))
        #expect(file.events(POLLIN, milliseconds: 20) == .done(0))
        #expect(file.events(POLLIN | POLLOUT, milliseconds: 60_000) == .done(POLLOUT))
    }

    @Test("for a message ends with an answer, again and again")
    func pollWokenByAnswer() throws {
        for round in UInt8(0)..<3 {
            let poller = try Pending { [file] in file.events(POLLIN, milliseconds: 60_000) }.untilBlocked()
            #expect(file.send(answering([round])) == .done(2))
            #expect(try poller.value() == .done(POLLIN))
            #expect(file.receive() == .done([round]))
            #expect(file.events(POLLIN, milliseconds: 0) == .done(0))
        }
    }

    @Test("ends with a message that nobody asked for, in read and in poll")
    func pushed() throws {
        let connection = try #require(site.firmware.connected.first)
        let reader = try readerThatWaits()
        site.node.push([1], to: connection)
        #expect(try reader.value() == .done([1]))

        let poller = try Pending { [file] in file.events(POLLIN, milliseconds: 60_000) }.untilBlocked()
        site.node.push([2], to: connection)
        #expect(try poller.value() == .done(POLLIN))
        #expect(file.receive() == .done([2]))

        site.node.push([3], to: MEIConnection(client: ScriptedFirmware.echo, number: 99))
        #expect(file.events(POLLIN, milliseconds: 0) == .done(0))
    }

    @Test("ends when the ME resets, and everything but a new open is dead")
    func vanishes() throws {
        let second = try OpenNode(site.node.path, client: ScriptedFirmware.other)
        #expect(second.send(answering([9])) == .done(2))
        let reader = try readerThatWaits()
        let poller = try Pending { [file] in file.events(POLLIN, milliseconds: 60_000) }.untilBlocked()
        site.node.vanish()
        #expect(try reader.value() == .failed(ENODEV))
        #expect(try poller.value() == .done(POLLERR))
        for dead in [file, second] {
            #expect(dead.receive() == .failed(ENODEV))
            #expect(dead.send([1]) == .failed(ENODEV))
            #expect(dead.events(POLLIN, milliseconds: 60_000) == .done(POLLERR))
            #expect(dead.connect(ScriptedFirmware.echo) == .failed(ENODEV))
        }
        let anew = try OpenNode(site.node.path, client: ScriptedFirmware.echo)
        #expect(anew.send(answering([1])) == .done(2))
        #expect(anew.receive() == .done([1]))
        #expect(Set(site.firmware.closed.map(\.number)) == [1, 2])
    }
}
