import CSimulatedMEI
import Glibc

/// A mount that the kernel asks about over one descriptor.
///
/// Root mounts by itself; an ordinary user through `fusermount3`. Source: Linux `Documentation/filesystems/fuse.rst`.
struct FuseConnection: Sendable {
    let descriptor: CInt
    let directory: String
    private let byHelper: Bool

    /// Room for the largest write that we announce, and its headers.
    static let longestWrite = 65_536
    static let bufferSize = longestWrite + 4096

    init(mountingOn directory: String) throws(NodeFault) {
        self.directory = directory
        let byHelper = geteuid() != 0
        self.byHelper = byHelper
        if access(directory, F_OK) != 0, errno == ENOTCONN { Self.unmount(directory, byHelper: byHelper) }
        try Self.requireEmpty(directory)
        if byHelper {
            let outcome = simulated_mei_mount_by_helper(
                directory, "rw,nosuid,nodev,fsname=namesake-simulator,subtype=mei")
            guard outcome >= 0 else { throw NodeFault("fusermount3 on \(directory)", errno: -outcome) }
            descriptor = outcome
            return
        }
        descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw NodeFault("/dev/fuse", errno: errno) }
        let options = "fd=\(descriptor),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        guard mount("namesake-simulator", directory, "fuse.mei", UInt(MS_NOSUID | MS_NODEV), options) == 0
        else {
            let number = errno
            close(descriptor)
            throw NodeFault("mount on \(directory)", errno: number)
        }
    }

    private static func requireEmpty(_ directory: String) throws(NodeFault) {
        guard let folder = opendir(directory) else { throw NodeFault("the folder \(directory)", errno: errno) }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let isNamed = entry.pointee.d_name.0 != CChar(UInt8(ascii: "."))
            guard isNamed else { continue }
            throw NodeFault(
                """
                the folder \(directory) is not empty; a mount would hide what is in it, or another simulator serves \
                there already. Give an empty folder
                """)
        }
    }

    func unmount() { Self.unmount(directory, byHelper: byHelper) }

    /// Lazily: who has files open keeps them.
    private static func unmount(_ directory: String, byHelper: Bool) {
        if byHelper {
            _ = simulated_mei_unmount_by_helper(directory)
        } else {
            umount2(directory, CInt(MNT_DETACH))
        }
    }

    /// The next request; `nil` once the mount is gone.
    func next(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { return count }
            // ENOENT: the request was interrupted before it was read.
            if count < 0, errno == EINTR || errno == ENOENT || errno == EAGAIN { continue }
            return nil
        }
    }

    /// Answers a request; a request that is gone by now needs no answer.
    func reply(_ unique: UInt64, error: CInt = 0, _ parts: [UInt8] = []) {
        let header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size + parts.count), error: -error, unique: unique)
        send(raw(header) + parts)
    }

    /// Wakes whoever polls with this kernel handle.
    func wake(_ handle: UInt64) {
        let body = raw(fuse_notify_poll_wakeup_out(kh: handle))
        let header = fuse_out_header(
            len: UInt32(MemoryLayout<fuse_out_header>.size + body.count), error: CInt(FUSE_NOTIFY_POLL.rawValue),
            unique: 0)
        send(raw(header) + body)
    }

    private func send(_ bytes: [UInt8]) { _ = write(descriptor, bytes, bytes.count) }
}

/// The bytes of a C struct.
func raw<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
