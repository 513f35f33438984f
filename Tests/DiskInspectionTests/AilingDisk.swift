import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// A disk of zeros that ails, as a file that a small FUSE server makes up.
struct AilingDisk {
    enum Ailment: String, Sendable, CaseIterable {
        /// A read that touches the place fails.
        case fails
        /// A read that touches the place never comes back.
        case hangs
        /// All reads end at the place, as if the disk did.
        case ends
    }

    static let isPossible =
        geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 && Tool.areThere("python3", "umount")
    static let note: Comment = "skipped: it takes root, /dev/fuse and python3"

    /// Linux `include/uapi/linux/fuse.h`: a root that is a file, and nothing but what reading it takes.
    private static let server = """
        import ctypes, errno, os, struct, sys
        place, size, ailing_at, ailment = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=100000,user_id=0,group_id=0,allow_other".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"ailing", place.encode(), b"fuse.ailing", 6, options) != 0:
            sys.exit(os.strerror(ctypes.get_errno()))
        while True:
            try: request = os.read(device, 1 << 20)
            except OSError: break
            length, opcode, unique = struct.unpack_from("<IIQ", request)
            def answer(data=b"", error=0):
                os.write(device, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
            if opcode == 26:
                answer(struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 16, 12, 4096, 1, 0, 0, 0))
                print("mounted", flush=True)
            elif opcode == 3:
                answer(struct.pack("<QII6Q10I", 60, 0, 0, 1, size, 0, 1, 1, 1, 0, 0, 0, 0o100644, 1, 0, 0, 0, 4096, 0))
            elif opcode == 14: answer(struct.pack("<QII", 1, 1, 0))
            elif opcode == 15:
                offset, count = struct.unpack_from("<QI", request, 48)
                count = max(0, min(count, size - offset))
                touches = offset <= ailing_at < offset + count
                if touches and ailment == "hangs": continue
                if touches and ailment == "fails": answer(error=errno.EIO)
                elif ailment == "ends": answer(bytes(max(0, min(count, ailing_at - offset))))
                else: answer(bytes(count))
            elif opcode in (18, 25): answer()
            elif opcode in (2, 36): pass
            else: answer(error=errno.ENOSYS)
        """

    /// - Parameters:
    ///   - ailment: What is wrong with it.
    ///   - place: Where it ails, in bytes.
    ///   - size: In bytes.
    ///   - work: Gets its path.
    /// - Throws: What the work throws, or `Trouble`.
    static func with(
        _ ailment: Ailment, at place: UInt64, size: UInt64, _ work: (String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("disk", ""), script = try folder.write("server.py", server)
        let running = try RunningProgram(
            try #require(Tool("python3").path), [script, path, "\(size)", "\(place)", ailment.rawValue])
        // The first line says that it is mounted; none, that it ended.
        var line = [UInt8](repeating: 0, count: 64)
        guard read(running.output, &line, line.count) > 0 else {
            throw Trouble("the FUSE server did not start: \(try await running.ending())")
        }
        do { try await work(path) } catch {
            try await Tool("umount").run(["-l", path])
            throw error
        }
        try await Tool("umount").run(["-l", path])
        running.signal(SIGKILL)
        _ = try await running.ending()
    }
}
