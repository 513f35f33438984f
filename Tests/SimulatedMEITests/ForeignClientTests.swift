import Foundation
import Glibc
import SimulatedMEI
import TestKit
import Testing

/// Clients that share no line with the room or its other tests.
@Suite("A client in Python", .serialized, .enabled(if: hasProgram("python3"), "there is no python3 on this machine"))
struct ForeignClientTests {
    @Test(
        "finds an MEI node: ioctl, select, poll, epoll, short reads, errnos",
        .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"))
    func device() async throws {
        let site = try Site()
        #expect(
            try await output(of: ["python3", "-c", deviceClient, site.node.path]) == """
                mode 0o100600 size 0
                connect 00020000 04 000000 18191a1b1c1d1e1f
                again EBUSY
                select 0
                wrote 6
                poll 1
                read 6865
                read 6c6c6f
                epoll 4 then 1
                read 78
                late b'slow'
                unknown ENOTTY
                unconnected ENODEV

                """)
        #expect(site.firmware.closed.count == 1)
    }

    @Test(
        "finds the node bound at another path in namespaces of its own",
        .enabled(if: Site.hasFuse, "there is no /dev/fuse on this machine"),
        .enabled("this kernel gives this user no namespaces") { try await status(of: ownNamespaces + ["true"]) == 0 })
    func namespaces() async throws {
        let site = try Site()
        let target = try site.folder.file("mei0")
        let script = "mount --bind \"$1\" \"$2\" && exec python3 -c \"$3\" \"$2\""
        let short = """
            import fcntl, os, sys
            fd = os.open(sys.argv[1], os.O_RDWR)
            fcntl.ioctl(fd, 0xC0104801, bytearray(range(16, 32)))
            os.write(fd, b"\\x01hi")
            print(os.getuid(), os.read(fd, 512))
            """
        let command = ownNamespaces + ["sh", "-ec", script, "sh", site.node.path, target, short]
        #expect(try await output(of: command) == "0 b'hi'\n")
    }

    @Test("finds the same interface behind the socket")
    func socket() async throws {
        let folder = try Folder()
        let node = try SocketNode(path: folder.path + "/mei.socket", firmware: ScriptedFirmware())
        defer { node.stop() }
        #expect(
            try await output(of: ["python3", "-c", socketClient, node.path]) == """
                accepted errno 0 longest 512 version 4 rest 18191a1b1c1d1e1f
                read b'hello'
                over b''
                refused ENOTTY

                """)
    }
}

/// As the demo runs the agent.
private let ownNamespaces = ["unshare", "--user", "--map-root-user", "--mount", "--uts"]

private let deviceClient = """
    import errno, fcntl, os, select, stat, sys, threading
    CONNECT = 0xC0104801
    s = os.stat(sys.argv[1])
    print("mode", oct(s.st_mode), "size", s.st_size)
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)
    b = bytearray(range(0x10, 0x20))
    fcntl.ioctl(fd, CONNECT, b)
    print("connect", b[0:4].hex(), b[4:5].hex(), b[5:8].hex(), b[8:].hex())
    def refused(word, call):
        try:
            call()
            print(word, "went through")
        except OSError as e:
            print(word, errno.errorcode[e.errno])
    refused("again", lambda: fcntl.ioctl(fd, CONNECT, bytearray(range(0x10, 0x20))))
    print("select", len(select.select([fd], [], [], 0.02)[0]))
    print("wrote", os.write(fd, b"\\x01hello"))
    p = select.poll()
    p.register(fd, select.POLLIN)
    print("poll", p.poll(60000)[0][1])
    print("read", os.read(fd, 2).hex())
    print("read", os.read(fd, 5120).hex())
    e = select.epoll()
    e.register(fd, select.EPOLLOUT)
    first = e.poll(60)[0][1]
    e.modify(fd, select.EPOLLIN)
    t = threading.Thread(target=lambda: os.write(fd, b"\\x01x"))
    t.start()
    print("epoll", first, "then", e.poll(60)[0][1])
    t.join()
    print("read", os.read(fd, 5120).hex())
    got = []
    t = threading.Thread(target=lambda: got.append(os.read(fd, 5120)))
    t.start()
    os.write(fd, b"\\x01slow")
    t.join()
    print("late", got[0])
    other = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)
    refused("unknown", lambda: fcntl.ioctl(other, CONNECT, bytearray(16)))
    refused("unconnected", lambda: os.write(other, b"x"))
    e.close()
    os.close(fd)
    os.stat(sys.argv[1])  # a request behind the release
    """

private let socketClient = """
    import errno, socket, struct, sys
    def client():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(60)
        s.connect(sys.argv[1])
        return s
    s = client()
    s.send(bytes(range(0x10, 0x20)))
    e, longest, version, rest = struct.unpack("<IIB3x8s", s.recv(100))
    print("accepted errno", e, "longest", longest, "version", version, "rest", rest.hex())
    s.send(b"\\x01hello")
    print("read", s.recv(5120))
    s.send(bytes(513))
    print("over", s.recv(5120))
    s = client()
    s.send(bytes(16))
    print("refused", errno.errorcode[struct.unpack("<I", s.recv(100))[0]])
    """

private func hasProgram(_ name: String) -> Bool {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.contains { access("\($0)/\(name)", X_OK) == 0 }
}

/// What a program writes.
///
/// Not by Foundation's `Process`: beside exit tests, which wait for any child, it never heard of its own child's end.
private func output(of command: [String]) async throws -> String { try await run("/usr/bin/env", command).output }

private func status(of command: [String]) async throws -> Int32 { try await run("/usr/bin/env", command).status }
