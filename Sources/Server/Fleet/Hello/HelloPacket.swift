package import Vocabulary

/// What a firmware says when it asks to be provisioned.
///
/// One packet a TCP connection, all words little-endian, nothing is answered:
///
///     0   u16  admin credentials set
///     2   u16  interface version: 2 PSK, 3 PKI
///     4   u32  retry count
///     8   16   UUID in SMBIOS order
///     24  8    version 2: PID, ASCII
///     24  u8   version 3: number of root hashes, then for each u8 type, u8 length, bytes
///
/// Version 1 is believed to be 30 bytes: u16 version, u32 retry count, UUID, PID. No capture shows one, so it is taken only
/// where its PID's checksum is right, and where it could be the head of another version, only as the whole of what came.
///
/// Source: network reference 2.1 (IRG "setup mode hello messages", MeshCentral's provisioning server, three captures).
package struct HelloPacket: Hashable, Sendable {
    package var credentialsSet: Bool
    package var version: UInt16
    package var retryCount: UInt32
    package var machine: MachineID
    /// The PSK identity of versions 1 and 2.
    package var pid: String?
    /// The hashes of the roots that this firmware trusts, version 3.
    package var rootHashes: [RootHash]

    package struct RootHash: Hashable, Sendable {
        /// 1 SHA-1, 2 SHA-256, 3 SHA-384 (SHA-512 before 6.0: the length tells).
        package var type: UInt8
        package var bytes: [UInt8]
    }

    /// No captured packet is longer than 841 bytes; a sender that goes on past this is no firmware.
    package static let longest = 16_000

    /// What a prefix of the stream is.
    package enum Reading: Hashable, Sendable {
        case incomplete
        case packet(HelloPacket)
        /// Never a hello, however much follows; the reason is for the log.
        case unreadable(String)
    }

    /// Reads what has arrived so far.
    ///
    /// - Parameters:
    ///   - bytes: All of it.
    ///   - isAll: Whether the sender has ended.
    /// - Returns: A packet, or why there is none, yet or ever.
    package static func read(_ bytes: [UInt8], isAll: Bool = false) -> Reading {
        if bytes.starts(with: "GET ".utf8) || bytes.starts(with: "POST".utf8) {
            return .unreadable("an HTTP request; a browser?")
        }
        guard bytes.count <= longest else { return .unreadable("longer than \(longest) bytes") }
        guard bytes.count >= 4 else { return .incomplete }
        let version = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
        let isKnown = version == 2 || version == 3
        if isAll || !isKnown, let packet = readVersionOne(bytes) { return .packet(packet) }
        guard isKnown else {
            let mayBecomeOne = bytes.starts(with: [1, 0]) && version <= mostRetries && bytes.count < lengthOfVersionOne
            return mayBecomeOne ? .incomplete : .unreadable("interface version \(version)")
        }
        let credentials = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        guard credentials <= 1 else { return .unreadable("credentials word \(credentials)") }
        guard bytes.count > 24, let machine = MachineID(smbios: bytes[8..<24]) else { return .incomplete }
        var packet = HelloPacket(
            credentialsSet: credentials == 1, version: version,
            retryCount: bytes[4..<8].reversed().reduce(0) { $0 << 8 | UInt32($1) }, machine: machine, pid: nil,
            rootHashes: [])
        if version == 2 { return readPID(bytes, &packet) }
        return readHashes(bytes, &packet)
    }

    private static let lengthOfVersionOne = 30
    /// Source: network reference 2.1.
    private static let mostRetries = 14

    private static func readVersionOne(_ bytes: [UInt8]) -> HelloPacket? {
        guard bytes.count == lengthOfVersionOne, bytes.starts(with: [1, 0]),
            let machine = MachineID(smbios: bytes[6..<22]),
            let pid = try? PreSharedKey.plain(pid: String(decoding: bytes[22..<30], as: UTF8.self))
        else { return nil }
        let retryCount = bytes[2..<6].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        guard retryCount <= mostRetries else { return nil }
        return HelloPacket(
            credentialsSet: false, version: 1, retryCount: retryCount, machine: machine, pid: pid, rootHashes: [])
    }

    private static func readPID(_ bytes: [UInt8], _ packet: inout HelloPacket) -> Reading {
        guard bytes.count >= 32 else { return .incomplete }
        guard bytes.count == 32 else { return .unreadable("\(bytes.count - 32) bytes after a version 2 packet") }
        let pid = bytes[24..<32]
        guard pid.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) else {
            return .unreadable("a PID that is not eight letters and digits")
        }
        packet.pid = String(decoding: pid, as: UTF8.self)
        return .packet(packet)
    }

    private static func readHashes(_ bytes: [UInt8], _ packet: inout HelloPacket) -> Reading {
        var place = 25
        for _ in 0..<bytes[24] {
            guard bytes.count >= place + 2 else { return .incomplete }
            let length = Int(bytes[place + 1])
            guard [20, 32, 48, 64].contains(length) else { return .unreadable("a root hash of \(length) bytes") }
            guard bytes.count >= place + 2 + length else { return .incomplete }
            packet.rootHashes.append(
                RootHash(type: bytes[place], bytes: Array(bytes[(place + 2)..<(place + 2 + length)])))
            place += 2 + length
        }
        guard bytes.count == place else { return .unreadable("\(bytes.count - place) bytes after the last root hash") }
        return .packet(packet)
    }
}
