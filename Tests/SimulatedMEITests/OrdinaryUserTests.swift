import Glibc
import SimulatedMEI
import Testing

/// When the tests run as an ordinary user, all suites here go through `fusermount3`; this one makes root such a user.
@Suite("An ordinary user", .serialized, .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"))
struct OrdinaryUserTests {
    private static var isOpenToAll: Bool {
        var status = stat()
        return stat("/dev/fuse", &status) == 0 && status.st_mode & 0o006 == 0o006
    }

    @Test(
        "has a device node too, through fusermount3",
        .enabled(if: Site.isRoot, "the other suites do the same as this user"))
    func mounts() async throws {
        // A device folder of one's own, so that the machine's /dev/fuse, which may be root's alone, stays as it is.
        await #expect(processExitsWith: .success) {
            try haveOwnMounts()
            if !Self.isOpenToAll { try makeFuseOpenToAll() }
            try becomeNobody()
            let site = try Site()
            let file = try OpenNode(site.node.path, client: ScriptedFirmware.echo)
            #expect(file.send(answering([5])) == .done(2))
            #expect(file.receive() == .done([5]))
            let reader = try Pending { file.receive() }.untilBlocked()
            site.node.stop()
            #expect(try reader.value() == .failed(ENODEV))
            #expect(names(in: site.folder.path + "/node").isEmpty)
        }
    }

    @Test(
        "is told what to do where /dev/fuse is root's alone",
        .enabled(if: Site.isRoot, "only root can say whose /dev/fuse is"))
    func isTold() async {
        await #expect(processExitsWith: .success) {
            try haveOwnMounts()
            try hideFuse()
            try becomeNobody()
            let folder = try Folder()
            let fault = try #require(throws: NodeFault.self) {
                _ = try DeviceNode(directory: folder.path, firmware: ScriptedFirmware())
            }
            #expect(fault.description.contains("use a socket instead"))
        }
    }
}

/// User 65534, for the whole process and for good.
private func becomeNobody() throws {
    guard setgroups(0, nil) == 0, setgid(65534) == 0, setuid(65534) == 0 else {
        throw Trouble("setuid: errno \(errno)")
    }
}

/// Puts a node of FUSE with another mode over `/dev/fuse`, in this process's own mounts.
private func replaceFuse(mode: mode_t) throws {
    guard mount("tmpfs", "/mnt", "tmpfs", 0, nil) == 0,
        mknod("/mnt/fuse", S_IFCHR | 0o600, UInt(10 << 8 | 229)) == 0,  // 10:229, linux/miscdevice.h
        chmod("/mnt/fuse", mode) == 0,
        mount("/mnt/fuse", "/dev/fuse", nil, UInt(MS_BIND), nil) == 0
    else { throw Trouble("replace /dev/fuse: errno \(errno)") }
}

private func makeFuseOpenToAll() throws { try replaceFuse(mode: 0o666) }
private func hideFuse() throws { try replaceFuse(mode: 0o600) }
