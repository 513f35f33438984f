import Glibc
import SimulatedMEI
import Testing

@Suite("The device node's mount", .serialized, .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"))
struct MountTests {
    @Test("is gone once stopped, and what was open is dead")
    func stops() throws {
        let site = try Site()
        let file = try OpenNode(site.node.path, client: ScriptedFirmware.echo)
        let reader = try Pending { file.receive() }.untilBlocked()
        site.node.stop()
        site.node.stop()
        #expect(try reader.value() == .failed(ENODEV))
        #expect(file.send([1]) == .failed(ENODEV))
        #expect(names(in: site.folder.path + "/node").isEmpty)
        let again = try DeviceNode(directory: site.folder.path + "/node", firmware: site.firmware)
        #expect(try OpenNode(again.path, client: ScriptedFirmware.echo).send(answering([1])) == .done(2))
        again.stop()
    }

    @Test("hides nothing: a folder that is not empty, or a node already, is refused")
    func occupied() throws {
        let folder = try Folder()
        _ = try folder.file("precious")
        let fault = try #require(throws: NodeFault.self) {
            _ = try DeviceNode(directory: folder.path, firmware: ScriptedFirmware())
        }
        #expect(fault.description.contains("not empty"))
        let site = try Site()
        #expect(throws: NodeFault.self) {
            _ = try DeviceNode(directory: site.folder.path + "/node", firmware: ScriptedFirmware())
        }
        #expect(throws: NodeFault.self) {
            _ = try DeviceNode(directory: folder.path + "/missing", firmware: ScriptedFirmware())
        }
        #expect(try OpenNode(site.node.path, client: ScriptedFirmware.echo).send(answering([1])) == .done(2))
    }

    @Test("of a process that was killed does not hang who waits on it, and can be made anew")
    func killed() async throws {
        let folder = try Folder()
        let directory = try folder.folder("node")
        let ready = folder.path + "/ready"
        #expect(mkfifo(ready, 0o600) == 0)
        // Opens, waits and orders the death of the process that serves; tells what its two threads saw.
        let client = try Pending { () -> [Outcome<[UInt8]>] in
            let signal = open(ready, O_RDONLY | O_CLOEXEC)  // returns when the node is there
            close(signal)
            guard let file = try? OpenNode(directory + "/mei0", client: ScriptedFirmware.echo),
                let reader = try? Pending({ file.receive() }).untilBlocked()
            else { return [] }
            let writer = file.send([ScriptedFirmware.Order.killProcess.rawValue])
            let next = file.receive()
            guard case .failed(let number) = writer, let read = try? reader.value() else { return [] }
            return [.failed(number), read, next]
        }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [directory = directory as String, ready = ready as String] in
            let node = try DeviceNode(directory: directory, firmware: ScriptedFirmware())
            close(open(ready, O_WRONLY | O_CLOEXEC))
            withExtendedLifetime(node) { _ = pause() }
        }
        let seen = try client.value()
        #expect(seen.count == 3)
        #expect(seen.allSatisfy { $0 == .failed(ECONNABORTED) || $0 == .failed(ENOTCONN) })
        #expect(access(directory, F_OK) == -1 && errno == ENOTCONN)

        let node = try DeviceNode(directory: directory, firmware: ScriptedFirmware())
        #expect(try OpenNode(node.path, client: ScriptedFirmware.echo).send(answering([1])) == .done(2))
        node.stop()
        #expect(access(directory, F_OK) == 0)
    }

    @Test(
        "can be bound over /dev/mei0, where it goes on until it is stopped",
        .enabled(if: Site.isRoot, "binding a mount takes root"))
    func bound() async {
        await #expect(processExitsWith: .success) {
            try haveOwnMounts()
            let site = try Site()
            #expect(mount("tmpfs", "/mnt", "tmpfs", 0, nil) == 0)
            close(open("/mnt/mei0", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            #expect(mount(site.node.path, "/mnt/mei0", nil, UInt(MS_BIND), nil) == 0)
            let file = try OpenNode("/mnt/mei0", client: ScriptedFirmware.echo)
            #expect(file.send(answering([5])) == .done(2))
            #expect(file.receive() == .done([5]))
            site.node.stop()
            #expect(file.receive() == .failed(ENODEV))
            #expect(open("/mnt/mei0", O_RDWR | O_CLOEXEC) == -1 && errno == ENODEV)
        }
    }
}
