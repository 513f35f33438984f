import CSimulatedMEI
import Glibc
import Synchronization

/// Files `mei0`, `mei1` and on in a FUSE mount that answer as the MEI driver does.
package final class DeviceNode: SimulatedNode {
    /// The first of them.
    package var path: String { "\(connection.directory)/mei0" }
    private let firmwares: [any MEIFirmware]
    private let connection: FuseConnection
    private let files = Mutex(Files())
    private let isStopped = Atomic(false)

    private struct Files: Sendable {
        var next: UInt64 = 1
        var open: [UInt64: OpenFile] = [:]
        /// Connections that a reset ended, of which the firmware is told on the node's thread.
        var ended: [(MEIConnection, device: Int)] = []

        /// Lets one die; of its connection the firmware is told on the node's thread.
        mutating func die(_ handle: UInt64) {
            guard let device = open[handle]?.device, let connection = open[handle]?.die() else { return }
            ended.append((connection, device))
        }
    }

    /// IOCTL_MEI_CONNECT_CLIENT, IOCTL_MEI_NOTIFY_SET and IOCTL_MEI_NOTIFY_GET.
    private static let connect: UInt32 = 0xC010_4801
    private static let notifySet: UInt32 = 0x4004_4802
    private static let notifyGet: UInt32 = 0x8004_4803

    private static let rootNode: UInt64 = 1
    /// The inode of `mei0`; the others follow.
    private static let fileNode: UInt64 = 2

    /// Mounts one device on an empty folder.
    ///
    /// - Throws: ``NodeFault``.
    package convenience init(directory: String, firmware: any MEIFirmware) throws(NodeFault) {
        try self.init(directory: directory, firmwares: [firmware])
    }

    /// Mounts on an empty folder a file for each firmware.
    ///
    /// A dead mount that an earlier process left on the folder is taken away first.
    ///
    /// - Throws: ``NodeFault`` where there is no `/dev/fuse`, mounting is not allowed, or the folder is not empty.
    package init(directory: String, firmwares: [any MEIFirmware]) throws(NodeFault) {
        self.firmwares = firmwares
        connection = try FuseConnection(mountingOn: directory)
        do throws(NodeFault) {
            try startThread { [self] in serve() }
        } catch {
            connection.unmount()
            close(connection.descriptor)
            throw error
        }
    }

    /// Takes the mount away; whoever still has the node open finds it dead.
    package func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        vanish()
        connection.unmount()
    }

    package func vanish() { die { _ in true } }

    /// The ME of one of the devices resets.
    package func vanish(_ number: Int) { die { $0.device == number } }

    package func disconnect(_ wanted: MEIConnection) {
        die { file in
            if case .connected(wanted, _) = file.state { true } else { false }
        }
    }

    private func die(_ which: (OpenFile) -> Bool) {
        let (readers, pollers) = files.withLock { files in
            var readers: [UInt64] = []
            var pollers: [UInt64] = []
            for (handle, file) in files.open where which(file) {
                files.die(handle)
                readers += files.open[handle]?.waiting.map(\.unique) ?? []
                files.open[handle]?.waiting = []
                if let poller = files.open[handle]?.poller { pollers.append(poller) }
                files.open[handle]?.poller = nil
            }
            return (readers, pollers)
        }
        // A reader whose wait a signal ended meanwhile has its answer; the kernel drops this second one.
        for reader in readers { connection.reply(reader, error: ENODEV) }
        for poller in pollers { connection.wake(poller) }
    }

    package func push(_ message: [UInt8], to wanted: MEIConnection) {
        let handle = files.withLock { files in
            files.open.first { entry in
                if case .connected(wanted, _) = entry.value.state { true } else { false }
            }?.key
        }
        if let handle { deliver([message], to: handle) }
    }

    // MARK: the kernel's requests

    private func serve() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FuseConnection.bufferSize, alignment: 8)
        defer { buffer.deallocate() }
        while let count = connection.next(into: buffer) {
            sayGoodbye()
            let header = buffer.loadUnaligned(as: fuse_in_header.self)
            let body = UnsafeRawBufferPointer(rebasing: buffer[MemoryLayout<fuse_in_header>.size..<count])
            answer(header, body)
        }
        close(connection.descriptor)
        // The kernel may have ended the mount without releasing what was open.
        files.withLock { files in
            for handle in files.open.keys { files.die(handle) }
            files.open = [:]
        }
        sayGoodbye()
    }

    private func sayGoodbye() {
        let ended = files.withLock { files in
            defer { files.ended = [] }
            return files.ended
        }
        for (peer, device) in ended { firmwares[device].closed(peer) }
    }

    private func answer(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        switch fuse_opcode(header.opcode) {
        case FUSE_INIT: initialise(header, body)
        case FUSE_LOOKUP: lookUp(header, body)
        case FUSE_GETATTR, FUSE_SETATTR: attributes(header)
        case FUSE_OPENDIR: connection.reply(header.unique, raw(fuse_open_out()))
        case FUSE_READDIR: list(header, body)
        case FUSE_OPEN: open(header)
        case FUSE_READ: read(header, body.loadUnaligned(as: fuse_read_in.self))
        case FUSE_WRITE: write(header, body)
        case FUSE_IOCTL: control(header, body)
        case FUSE_POLL: poll(header, body.loadUnaligned(as: fuse_poll_in.self))
        case FUSE_INTERRUPT: interrupt(body.loadUnaligned(as: fuse_interrupt_in.self).unique)
        case FUSE_RELEASE:
            release(body.loadUnaligned(as: fuse_release_in.self).fh)
            connection.reply(header.unique)
        case FUSE_FSYNC, FUSE_RELEASEDIR, FUSE_ACCESS, FUSE_DESTROY: connection.reply(header.unique)
        case FUSE_STATFS: connection.reply(header.unique, raw(fuse_statfs_out()))
        case FUSE_FORGET, FUSE_BATCH_FORGET: break  // nobody waits for an answer to these
        default: connection.reply(header.unique, error: ENOSYS)  // FLUSH too: the kernel does not ask again then
        }
    }

    private func initialise(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        let asked = body.loadUnaligned(as: fuse_init_in.self)
        guard asked.major == 7 else { return connection.reply(header.unique, error: EPROTO) }
        var answer = fuse_init_out()
        answer.major = 7
        answer.minor = min(asked.minor, 31)
        answer.max_write = UInt32(FuseConnection.longestWrite)
        answer.max_background = 16
        answer.congestion_threshold = 12
        connection.reply(header.unique, raw(answer))
    }

    private func attributes(of node: UInt64) -> fuse_attr {
        var attributes = fuse_attr()
        attributes.ino = node
        attributes.mode = node == Self.rootNode ? S_IFDIR | 0o755 : S_IFREG | 0o600
        attributes.nlink = 1
        attributes.uid = geteuid()
        attributes.gid = getegid()
        attributes.blksize = 4096
        return attributes
    }

    private func lookUp(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        let name = String(decoding: body.prefix { $0 != 0 }, as: UTF8.self)
        guard header.nodeid == Self.rootNode, name.hasPrefix("mei"), let device = Int(name.dropFirst(3)),
            firmwares.indices.contains(device), name == "mei\(device)"
        else { return connection.reply(header.unique, error: ENOENT) }
        var entry = fuse_entry_out()
        entry.nodeid = Self.fileNode + UInt64(device)
        entry.attr = attributes(of: entry.nodeid)
        connection.reply(header.unique, raw(entry))
    }

    private func attributes(_ header: fuse_in_header) {
        var answer = fuse_attr_out()
        answer.attr = attributes(of: header.nodeid)
        connection.reply(header.unique, raw(answer))
    }

    private func list(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        let request = body.loadUnaligned(as: fuse_read_in.self)
        let names = [".", ".."] + firmwares.indices.map { "mei\($0)" }
        var bytes: [UInt8] = []
        for place in names.indices.dropFirst(Int(clamping: request.offset)) {
            var entry = fuse_dirent()
            entry.ino = place < 2 ? Self.rootNode : Self.fileNode + UInt64(place - 2)
            entry.off = UInt64(place + 1)
            entry.namelen = UInt32(names[place].utf8.count)
            entry.type = place < 2 ? 4 : 8  // DT_DIR, DT_REG
            var record = raw(entry).prefix(24) + Array(names[place].utf8)
            record += [UInt8](repeating: 0, count: (8 - record.count % 8) % 8)
            guard bytes.count + record.count <= request.size else { break }
            bytes += record
        }
        connection.reply(header.unique, bytes)
    }

    private func open(_ header: fuse_in_header) {
        guard header.nodeid >= Self.fileNode else { return connection.reply(header.unique, error: EISDIR) }
        let device = Int(header.nodeid - Self.fileNode)
        // A bind mount outlives the mount itself.
        guard !isStopped.load(ordering: .relaxed) else { return connection.reply(header.unique, error: ENODEV) }
        let number = firmwares[device].opening()
        guard number == 0 else { return connection.reply(header.unique, error: number) }
        let handle = files.withLock { files in
            defer { files.next += 1 }
            files.open[files.next] = OpenFile(device: device)
            return files.next
        }
        var answer = fuse_open_out()
        answer.fh = handle
        // Without STREAM a read that waits holds the file's position lock, and a write from another thread sleeps on it.
        // Without NOFLUSH a process that is killed with a node open that it serves itself waits for its own answer, for ever.
        answer.open_flags = UInt32(FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM | FOPEN_NOFLUSH)
        connection.reply(header.unique, raw(answer))
    }

    private func read(_ header: fuse_in_header, _ request: fuse_read_in) {
        let isNonBlocking = request.flags & UInt32(O_NONBLOCK) != 0
        let reading = files.withLock { files -> OpenFile.Reading in
            guard var file = files.open[request.fh] else { return .fails(EBADF) }
            let reading = file.read(size: Int(request.size), isNonBlocking: isNonBlocking)
            if case .waits = reading { file.waiting.append((header.unique, Int(request.size))) }
            files.open[request.fh] = file
            return reading
        }
        switch reading {
        case .bytes(let bytes): connection.reply(header.unique, bytes)
        case .fails(let number): connection.reply(header.unique, error: number)
        case .waits: break
        }
    }

    private func write(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        let request = body.loadUnaligned(as: fuse_write_in.self)
        let message = Array(body[MemoryLayout<fuse_write_in>.size...].prefix(Int(request.size)))
        guard let file = files.withLock({ $0.open[request.fh] }), case .connected(let peer, let longest) = file.state
        else { return connection.reply(header.unique, error: ENODEV) }
        guard message.count <= longest else { return connection.reply(header.unique, error: EFBIG) }
        let answers = message.isEmpty ? [] : firmwares[file.device].receive(message, from: peer)
        connection.reply(header.unique, raw(fuse_write_out(size: request.size, padding: 0)))
        deliver(answers, to: request.fh)
    }

    /// Queues messages, and hands them to whoever waits.
    private func deliver(_ messages: [[UInt8]], to handle: UInt64) {
        let (replies, poller) = files.withLock { files -> ([(UInt64, [UInt8])], UInt64?) in
            guard var file = files.open[handle] else { return ([], nil) }
            for message in messages { file.queue(message) }
            var replies: [(UInt64, [UInt8])] = []
            while let first = file.waiting.first,
                case .bytes(let bytes) = file.read(size: first.size, isNonBlocking: false)
            {
                file.waiting.removeFirst()
                replies.append((first.unique, bytes))
            }
            let poller = file.messages.isEmpty ? nil : file.poller
            if poller != nil { file.poller = nil }
            files.open[handle] = file
            return (replies, poller)
        }
        for (unique, bytes) in replies { connection.reply(unique, bytes) }
        if let poller { connection.wake(poller) }
    }

    private func control(_ header: fuse_in_header, _ body: UnsafeRawBufferPointer) {
        let request = body.loadUnaligned(as: fuse_ioctl_in.self)
        let input = Array(body[MemoryLayout<fuse_ioctl_in>.size...])
        switch request.cmd {
        case Self.connect where input.count >= 16: connectClient(header, request.fh, Array(input.prefix(16)))
        case Self.notifySet, Self.notifyGet:
            guard case .connected = files.withLock({ $0.open[request.fh]?.state }) else {
                return connection.reply(header.unique, error: ENODEV)
            }
            let nothingHappened: [UInt8] = request.cmd == Self.notifyGet ? [0, 0, 0, 0] : []
            connection.reply(header.unique, raw(fuse_ioctl_out()) + nothingHappened)
        default: connection.reply(header.unique, error: ENOTTY)
        }
    }

    private func connectClient(_ header: fuse_in_header, _ handle: UInt64, _ client: [UInt8]) {
        let file = files.withLock { $0.open[handle] }
        switch file?.state {
        case .unconnected where !isStopped.load(ordering: .relaxed): break
        case .connected: return connection.reply(header.unique, error: EBUSY)
        case .unconnected, .dead, nil: return connection.reply(header.unique, error: ENODEV)
        }
        let firmware = firmwares[file?.device ?? 0]
        switch firmware.connect(client) {
        case .refused(let number): connection.reply(header.unique, error: number)
        case .accepted(let peer, let longest, let version):
            files.withLock { $0.open[handle]?.state = .connected(peer, longestMessage: Int(longest)) }
            let output = raw(longest) + [version, 0, 0, 0] + client[8...]
            connection.reply(header.unique, raw(fuse_ioctl_out()) + output)
            firmware.opened(peer)
        }
    }

    private func poll(_ header: fuse_in_header, _ request: fuse_poll_in) {
        let events = files.withLock { files -> UInt32 in
            if request.flags & UInt32(FUSE_POLL_SCHEDULE_NOTIFY) != 0 { files.open[request.fh]?.poller = request.kh }
            return files.open[request.fh]?.pollEvents ?? UInt32(POLLERR)
        }
        connection.reply(header.unique, raw(fuse_poll_out(revents: events, padding: 0)))
    }

    private func interrupt(_ unique: UInt64) {
        let waited = files.withLock { files in
            for handle in files.open.keys {
                guard let place = files.open[handle]?.waiting.firstIndex(where: { $0.unique == unique }) else {
                    continue
                }
                files.open[handle]?.waiting.remove(at: place)
                return true
            }
            return false
        }
        if waited { connection.reply(unique, error: EINTR) }
    }

    private func release(_ handle: UInt64) {
        let file = files.withLock { $0.open.removeValue(forKey: handle) }
        if let file, case .connected(let peer, _) = file.state { firmwares[file.device].closed(peer) }
    }
}
