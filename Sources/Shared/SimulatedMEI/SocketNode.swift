import CSimulatedMEI
import Glibc
import Synchronization

/// The host interface over a SOCK_SEQPACKET socket, for machines without `/dev/fuse`.
///
/// First packet: the client's GUID, 16 bytes. Answer: an errno as four little-endian bytes, followed when it is 0 by what
/// the connect ioctl gives (u32 longest message, u8 version, three reserved, the GUID's last eight bytes). After that a
/// packet is a message either way; closing disconnects. A message longer than the client's limit closes the connection.
package final class SocketNode: SimulatedNode {
    package let path: String
    private let firmware: any MEIFirmware
    private let listener: CInt
    /// The accepted sockets, each with its connection once the firmware took it; closed only after they left this.
    private let peers = Mutex<[CInt: MEIConnection?]>([:])
    private let isStopped = Atomic(false)

    /// Listens at a path, for its owner only, as the driver's node is.
    ///
    /// A socket that an earlier process left there is replaced.
    ///
    /// - Throws: ``NodeFault`` where somebody listens there already, or something other than a socket lies there.
    package init(path: String, firmware: any MEIFirmware) throws(NodeFault) {
        self.path = path
        self.firmware = firmware
        listener = try UnixSocket.listen(at: path)
        do throws(NodeFault) {
            try startThread { [self] in accept() }
        } catch {
            close(listener)
            throw error
        }
    }

    package func stop() {
        guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
        shutdown(listener, CInt(SHUT_RDWR))
        vanish()
        unlink(path)
    }

    package func vanish() {
        peers.withLock { peers in
            for descriptor in peers.keys { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    package func push(_ message: [UInt8], to wanted: MEIConnection) {
        peers.withLock { peers in
            guard let descriptor = peers.first(where: { $0.value == wanted })?.key else { return }
            // One that does not read must not hold up the others: it is disconnected instead.
            if send(descriptor, message, flags: CInt(MSG_DONTWAIT)) { return }
            shutdown(descriptor, CInt(SHUT_RDWR))
        }
    }

    package func disconnect(_ wanted: MEIConnection) {
        peers.withLock { peers in
            for (descriptor, connection) in peers where connection == wanted { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    private func accept() {
        while true {
            let descriptor = simulated_mei_accept(listener)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            peers.withLock { $0[descriptor] = .some(nil) }
            // Whoever came while the node stopped was not among those that vanished.
            if isStopped.load(ordering: .sequentiallyConsistent) { shutdown(descriptor, CInt(SHUT_RDWR)) }
            do throws(NodeFault) {
                try startThread { [self] in
                    serve(descriptor)
                    end(descriptor)
                }
            } catch {
                end(descriptor)  // the client sees its connection closed
            }
        }
        close(listener)
    }

    private func end(_ descriptor: CInt) {
        peers.withLock { _ = $0.removeValue(forKey: descriptor) }
        close(descriptor)
    }

    private func serve(_ descriptor: CInt) {
        guard let client = receive(descriptor, longest: 17), client.count == 16 else { return }
        let number = firmware.opening()
        guard number == 0 else {
            _ = send(descriptor, raw(UInt32(number).littleEndian))
            return
        }
        switch firmware.connect(client) {
        case .refused(let number):
            _ = send(descriptor, raw(UInt32(number).littleEndian))
        case .accepted(let connection, let longest, let version):
            defer { firmware.closed(connection) }
            let answer = raw(UInt32(0)) + raw(longest.littleEndian) + [version, 0, 0, 0] + client[8...]
            // In one go: no pushed message may come before this answer, and none after it may be lost.
            let isTold = peers.withLock { peers in
                peers[descriptor] = .some(connection)
                return send(descriptor, answer)
            }
            guard isTold else { return }
            firmware.opened(connection)
            while let message = receive(descriptor, longest: Int(longest) + 1), message.count <= Int(longest) {
                for answer in firmware.receive(message, from: connection) {
                    guard send(descriptor, answer) else { return }
                }
            }
        }
    }

    /// The next packet; `nil` when the peer is gone.
    ///
    /// An empty packet looks the same, and ends the connection too.
    private func receive(_ descriptor: CInt, longest: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: longest)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            return Array(bytes.prefix(count))
        }
    }

    private func send(_ descriptor: CInt, _ bytes: [UInt8], flags: CInt = 0) -> Bool {
        while true {
            let count = Glibc.send(descriptor, bytes, bytes.count, flags | CInt(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            return count == bytes.count
        }
    }
}
