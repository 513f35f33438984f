package import Vocabulary

/// What one-touch set-up leaves in a machine up to AMT 10: PID, PPS, and the password that MEBx was given with them.
///
/// The PID is eight of A to Z and 0 to 9 and is sent in the open; the PPS is thirty-two of them and is the key of TLS.
/// People write both in groups of four with hyphens between. The last character of the PID, and of each group of the PPS,
/// is the checksum of those before it: their sum modulo 36, as a digit or a letter.
///
/// Source: network reference 3.3 (the maker's guide, "PID-PPS Checksum"; its worked pair is in the tests).
package struct PreSharedKey: Hashable, Sendable {
    /// Without its hyphen.
    package let pid: String
    /// Thirty-two characters, without hyphens.
    package let pps: Secret
    /// What MEBx, and with it admin, was given; `nil` when that is not known.
    package let password: Secret?

    /// Takes both as people write them, with hyphens or without.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyUnfit``, which names the place and never shows the PPS.
    package init(pid: String, pps: Secret, password: Secret? = nil) throws(Failure) {
        self.pid = try Self.plain(pid: pid)
        let name = Self.written(self.pid)
        self.pps = try pps.reveal { (bytes: [UInt8]) throws(Failure) in
            try Secret(Self.plain(pps: bytes, of: name))
        }
        if let password {
            let count = password.reveal { $0.count }
            guard (1...32).contains(count) else {
                throw Self.unfit("the password of PID \(name) has \(count) characters; MEBx takes 8 to 32")
            }
        }
        self.password = password
    }

    /// A PID as it is sent.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/preSharedKeyUnfit``.
    package static func plain(pid text: String) throws(Failure) -> String {
        let bytes = text.utf8.filter { $0 != hyphen }
        guard bytes.count == 8 else {
            // What is longer may be a PPS that stands in a PID's place.
            let shown = bytes.count < 8 ? "'\(text)' is no PID: it" : "what stands in the PID's place is none: it"
            throw unfit("\(shown) has \(bytes.count) characters, and a PID has 8")
        }
        guard bytes.allSatisfy(isAllowed) else {
            throw unfit("'\(text)' is no PID: that is written in A to Z and 0 to 9")
        }
        guard bytes[7] == checksum(of: bytes[..<7]) else {
            throw unfit("the PID \(text) is mistyped: its last character is not the checksum of the others")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func plain(pps bytes: [UInt8], of name: String) throws(Failure) -> [UInt8] {
        let bytes = bytes.filter { $0 != hyphen }
        guard bytes.count == 32 else {
            throw unfit("the PPS of PID \(name) has \(bytes.count) characters without hyphens, and a PPS has 32")
        }
        guard bytes.allSatisfy(isAllowed) else {
            throw unfit("the PPS of PID \(name) holds something else than A to Z and 0 to 9")
        }
        for start in stride(from: 0, to: 32, by: 4) where bytes[start + 3] != checksum(of: bytes[start..<(start + 3)]) {
            throw unfit(
                "the PPS of PID \(name) is mistyped in its group \(start / 4 + 1) of 8: the group's last character is "
                    + "not the checksum of the others")
        }
        return bytes
    }

    /// `0000037M` as `0000-037M`.
    package static func written(_ pid: String) -> String { "\(pid.prefix(4))-\(pid.dropFirst(4))" }

    /// The PPS in its eight groups.
    package var writtenPPS: Secret {
        pps.reveal { bytes in
            Secret(
                Array(
                    stride(from: 0, to: bytes.count, by: 4).map { bytes[$0..<min($0 + 4, bytes.count)] }
                        .joined(separator: [Self.hyphen])))
        }
    }

    /// The character that closes a group.
    package static func checksum(of group: some Sequence<UInt8>) -> UInt8 {
        character(group.reduce(0) { $0 + Int($1) } % 36)
    }

    /// The digit or letter that stands for 0 to 35.
    package static func character(_ value: Int) -> UInt8 { UInt8(value < 10 ? 0x30 + value : 0x37 + value) }

    private static let hyphen = UInt8(ascii: "-")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
    }

    private static func unfit(_ what: String) -> Failure {
        Failure(
            .preSharedKeyUnfit, what,
            hint: "Nothing was taken. Correct it by the list that the key was made with; firmware refuses it too.")
    }

    package static func == (left: PreSharedKey, right: PreSharedKey) -> Bool {
        left.pid == right.pid && left.pps == right.pps && left.password == right.password
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(pid) }
}
