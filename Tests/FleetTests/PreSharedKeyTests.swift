import Fleet
import TestKit
import Testing
import Vocabulary

@Suite("Pre-shared keys")
struct PreSharedKeyTests {
    /// The worked example of the maker's guide.
    static let pid = "0000-037M"
    static let pps = "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ"
    static let plain = "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"

    /// A second pair, with its checksums worked out by hand: AAAAAAA is 455, which is 23 modulo 36, an N; AAA is 195, 15, an
    /// F.
    static let second = (pid: "AAAAAAAN", pps: String(repeating: "AAAF", count: 8))

    @Test("PID and PPS are taken with hyphens and without, and are written in groups again")
    func taken() throws {
        let key = try PreSharedKey(pid: Self.pid, pps: Secret(Self.pps), password: Secret("P@ssw0rd"))
        #expect(key.pid == "0000037M" && key.pps == Secret(Self.plain))
        #expect(try PreSharedKey(pid: "0000037M", pps: Secret(Self.plain), password: Secret("P@ssw0rd")) == key)
        #expect(PreSharedKey.written(key.pid) == Self.pid && key.writtenPPS == Secret(Self.pps))
        #expect(try PreSharedKey(pid: Self.second.pid, pps: Secret(Self.second.pps)).pid == Self.second.pid)
        #expect(!"\(key)".contains("NKLD"), "a key shows its PPS")
    }

    @Test(
        "what is mistyped is refused by its place, and the PPS stays out of the words",
        arguments: [
            ("0000-037N", pps, "last character"), ("0000-037", pps, "7 characters"), ("0000-037m", pps, "A to Z"),
            ("", pps, "0 characters"), (pid, "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XK", "group 8 of 8"),
            (pid, "NKLE-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ", "group 1 of 8"),
            (pid, "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED", "28 characters"),
            (pps, pid, "in the PID's place"), (pid, "NKLD-G5DC-RRNQ-E9Y!-ZIJL-7LFL-VJED-69XJ", "something else"),
            (pid, "", "0 characters"),
        ])
    func refused(pid: String, pps: String, words: String) {
        let failure = #expect(throws: Failure.self) { try PreSharedKey(pid: pid, pps: Secret(pps)) }
        #expect(failure?.code == .preSharedKeyUnfit && failure?.message.contains(words) == true, "\(failure as Any)")
        #expect(failure?.message.contains("G5DC") == false)
    }

    @Test("a key is one machine's: the same one may use it again, another one never")
    func use() throws {
        let (one, other) = (try #require(MachineID(smbios: 1...16)), try #require(MachineID(smbios: 2...17)))
        var key = KeptPreSharedKey(pid: "0000037M", added: 1, note: "")
        try key.use(by: one, now: 5)
        try key.use(by: one, now: 9)
        #expect(key.machine == one && key.used == 5)
        let failure = #expect(throws: Failure.self) { try key.use(by: other, now: 10) }
        #expect(failure?.code == .preSharedKeyTaken && failure?.message.contains(one.text) == true)
        #expect(key.machine == one)
        #expect(throws: Failure.self) { try key.requireUnused() }
    }
}

@Suite("Lists of pre-shared keys")
struct KeyListTests {
    typealias Keys = PreSharedKeyTests

    @Test(
        "a list is read with its columns named or not, parted by commas, semicolons or tabs",
        arguments: [
            "\(Keys.pid),\(Keys.pps),P@ss,w0rd\n", "\u{FEFF}PID;PPS;Password\r\n\(Keys.pid);\(Keys.plain);P@ss\r\n\r\n",
            "# from the maker\nid\tpid\tpps\tcurrent_password\tadmin_password\tused\n1\t0000037M\t\(Keys.plain)\tadmin\tP@ss\t0",
            "\n  \"\(Keys.pid)\" , \"\(Keys.pps)\" , \"P@ss\"",
        ])
    func read(text: String) throws {
        let keys = try KeyList(Secret(text)).keys
        #expect(keys == [try PreSharedKey(pid: Keys.pid, pps: Secret(Keys.pps), password: Secret("P@ss"))])
    }

    @Test("what is written is read again, with passwords that hold separators and quotation marks")
    func written() throws {
        let keys = [
            try PreSharedKey(pid: Keys.pid, pps: Secret(Keys.pps), password: Secret("a,\"b;\"\"c")),
            try PreSharedKey(pid: Keys.second.pid, pps: Secret(Keys.second.pps)),
        ]
        #expect(try KeyList(KeyList.bytes(of: keys)).keys == keys)
    }

    @Test("every wrong line is named, the right ones do not get in, and no PPS is shown")
    func wrong() {
        let text = "pid,pps\n\(Keys.pid),\(Keys.pps)\n0000-037N,\(Keys.pps)\n\n\(Keys.pid)\n\(Keys.pid),NKLD-G5DD"
        let failure = #expect(throws: Failure.self) { try KeyList(Secret(text)) }
        #expect(failure?.code == .preSharedKeyUnfit)
        for words in ["line 3: the PID", "line 5: there is no PPS", "line 6: the PPS"] {
            #expect(failure?.message.contains(words) == true, "\(words): \(failure?.message ?? "")")
        }
        #expect(failure?.message.contains("line 2") == false && failure?.message.contains("NKLD") == false)
        let unnamed = #expect(throws: Failure.self) { try KeyList(Secret("pid,key\n1,2")) }
        #expect(unnamed?.code == .preSharedKeyFileUnreadable)
    }
}

@Suite("setup.bin")
struct SetupFileTests {
    typealias Keys = PreSharedKeyTests

    /// One record, by hand from the layout.
    static let record: [UInt8] =
        [1, 0, 0, 0] + [1, 0, 0, 0]  // data, valid
        + [UInt8](repeating: 0, count: 8) + [1, 0] + [24, 0] + [1, 0, 0, 0]  // pieces, head, number
        + [1, 0, 1, 0, 5, 0, 0, 0] + Array("admin".utf8) + [0, 0, 0]  // present MEBx password
        + [1, 0, 2, 0, 8, 0, 0, 0] + Array("P@ssw0rd".utf8)  // new MEBx password
        + [2, 0, 1, 0, 8, 0, 0, 0] + Array("0000037M".utf8)  // PID
        + [2, 0, 2, 0, 32, 0, 0, 0] + Array(Keys.plain.utf8)  // PPS

    static func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 512 - bytes.count) }

    static func file(_ records: [[UInt8]], pieces: UInt8 = 1, type: SetupFile.Version = .two) -> [UInt8] {
        let types: [SetupFile.Version: [UInt8]] = [
            .one: [0xB5, 0x16, 0xFB, 0x71, 0x87, 0xCB, 0xF9, 0x4A, 0xB4, 0x41, 0xCA, 0x7B, 0x38, 0x35, 0x78, 0xF9],
            .two: [0x96, 0xB2, 0x81, 0x58, 0xCF, 0x6B, 0x72, 0x4C, 0x8B, 0x91, 0xA1, 0x5E, 0x51, 0x2E, 0x99, 0xC4],
        ]
        let head =
            (types[type] ?? []) + [pieces, 0] + [38 * pieces, 0] + [0, 0, 0, 0]
            + [UInt8(type.rawValue), 0] + [0, 0]  // version, flags
            + [UInt8(records.count), 0, 0, 0] + [0, 0, 0, 0] + [pieces, 0]  // records, consumed, pieces of each
        return padded(head) + records.flatMap(padded)
    }

    static func expected() throws -> PreSharedKey {
        try PreSharedKey(pid: Keys.pid, pps: Secret(Keys.pps), password: Secret("P@ssw0rd"))
    }

    @Test("a file by hand is read, and the same key is written to the same bytes")
    func golden() throws {
        for type in [SetupFile.Version.one, .two] {
            let bytes = Self.file([Self.record], type: type)
            #expect(try SetupFile(bytes).keys == [try Self.expected()])
            #expect(SetupFile.bytes(of: [try Self.expected()], version: type) == Secret(bytes))
        }
    }

    @Test("numbers of pieces that a tool left at zero count as one, and zeros may follow")
    func zeros() throws {
        #expect(try SetupFile(Self.file([Self.record], pieces: 0)).keys.count == 1)
        let longer = Self.file([Self.record]) + [UInt8](repeating: 0, count: 700)
        #expect(try SetupFile(longer).keys.count == 1)
    }

    @Test("scrambled records, used ones, cleared ones and those for set-up by certificates")
    func records() throws {
        var scrambled = Self.padded(Self.record)
        scrambled[4] = 3
        for place in 24..<512 { scrambled[place] &+= 17 }
        var used = Self.record
        used[4] = 0
        var cleared = [UInt8](repeating: 0xFF, count: 512)
        cleared.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0, 0, 0, 0])
        let certificates = Array(Self.record.prefix(24)) + [2, 0, 3, 0, 4, 0, 0, 0] + Array("corp".utf8)
        let found = try SetupFile(Self.file([scrambled, used, cleared, certificates]))
        #expect(found.keys == [try Self.expected(), try Self.expected()] && found.others == 2)
    }

    @Test("a file cut off anywhere is refused, and says where it ends")
    func cut() throws {
        let bytes = Self.file([Self.record, Self.record])
        for count in 0..<bytes.count {
            let failure = #expect(throws: Failure.self) { try SetupFile(Array(bytes.prefix(count))) }
            #expect(failure?.code == .preSharedKeyFileUnreadable)
        }
        let failure = #expect(throws: Failure.self) { try SetupFile(Array(bytes.prefix(1200))) }
        #expect(failure?.message.contains("holds 2 records, and ends in number 2") == true, "\(failure as Any)")
    }

    @Test("damage is refused or read as what it still says, and never shows a PPS nor ends the program")
    func damage() throws {
        let bytes = Self.file([Self.record])
        for place in 0..<700 {
            for value in [UInt8(0), 0xFF, bytes[place] ^ 1] {
                var damaged = bytes
                damaged[place] = value
                do throws(Failure) { _ = try SetupFile(damaged) } catch {
                    #expect([.preSharedKeyFileUnreadable, .preSharedKeyUnfit].contains(error.code))
                    #expect(!error.message.contains("NKLD"), "\(error)")
                }
            }
        }
        var mistyped = bytes
        let place = try #require(mistyped.firstIndex(of: UInt8(ascii: "N")))
        mistyped[place] = UInt8(ascii: "M")
        let failure = #expect(throws: Failure.self) { try SetupFile(mistyped) }
        #expect(failure?.code == .preSharedKeyUnfit && failure?.message.contains("0000-037M") == true)
        let half = Array(Self.record.prefix(24)) + [2, 0, 1, 0, 8, 0, 0, 0] + Array("0000037M".utf8)
        let alone = #expect(throws: Failure.self) { try SetupFile(Self.file([half])) }
        #expect(alone?.message.contains("only one of PID and PPS") == true)
        let more = #expect(throws: Failure.self) { try SetupFile(bytes + [1]) }
        #expect(more?.message.contains("goes on after") == true)
    }
}

@Suite("Hellos with a pre-shared key")
struct PreSharedKeyHelloTests {
    typealias Keys = PreSharedKeyTests

    /// Version 1 as it is believed to be.
    static func versionOne(retry: UInt8) -> [UInt8] {
        [1, 0] + [retry, 0, 0, 0] + [UInt8](1...16) + Array("0000037M".utf8)
    }

    @Test("version 1 is taken when it is whole, by its PID's checksum; a head of another version waits for the end")
    func versionOne() throws {
        for retry in UInt8(0)...14 {
            let bytes = Self.versionOne(retry: retry)
            for count in 0..<bytes.count {
                #expect(HelloPacket.read(Array(bytes.prefix(count))) == .incomplete, "\(retry), \(count)")
            }
            guard case .packet(let packet) = HelloPacket.read(bytes, isAll: true) else {
                Issue.record("not read: \(retry)")
                continue
            }
            #expect(packet.version == 1 && packet.pid == "0000037M" && packet.retryCount == UInt32(retry))
            #expect(packet.machine == MachineID(smbios: 1...16))
            // 2 and 3 could go on as versions 2 and 3.
            #expect((HelloPacket.read(bytes) == .incomplete) == [2, 3].contains(retry))
        }
        var mistyped = Self.versionOne(retry: 0)
        mistyped[29] = UInt8(ascii: "N")
        #expect(HelloPacket.read(mistyped) == .unreadable("interface version 0"))
    }

    @Test("the constructed packet of version 2 reads", .enabled(if: Vectors.arePresent, Vectors.note))
    func vector() throws {
        let raw = try #require(bytes(hexadecimal: try Vectors.text("hello/SYNTHETIC_psk_v2.hex")))
        guard case .packet(let packet) = HelloPacket.read(raw) else {
            Issue.record("not read")
            return
        }
        #expect(packet.pid == "4444E3MW" && packet.machine.text == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        for count in 0..<raw.count { #expect(HelloPacket.read(Array(raw.prefix(count))) == .incomplete) }
    }

    static func take(
        _ record: inout DeviceRecord?, _ key: KeptPreSharedKey?, pid: String = "0000037M", now: Double = 5
    ) throws -> HelloIntake.Decision {
        let bytes: [UInt8] = [0, 0, 2, 0, 0, 0, 0, 0] + [UInt8](1...16) + Array(pid.utf8)
        guard case .packet(let packet) = HelloPacket.read(bytes) else { throw Unexpected("not read") }
        return try HelloIntake(domain: try Hostname("corp.example.test")).take(
            packet, from: "127.16.0.2", into: &record, temporaryHostname: "ns-x", key: key, now: now)
    }

    @Test("a known key lets the machine be provisioned; an unknown or a taken one leaves it staged, and says so")
    func intake() throws {
        var record: DeviceRecord?
        guard case .leave(let why) = try Self.take(&record, nil) else {
            Issue.record("provisioned without a key")
            return
        }
        #expect(why.contains("0000-037M is not in this server's list") && why.contains("psk import"))
        #expect(record?.stage == .staged && record?.note == why && record?.preSharedKey == "0000037M")

        let other = try #require(MachineID(smbios: 2...17))
        let taken = KeptPreSharedKey(pid: "0000037M", added: 0, note: "", machine: other, used: 1)
        guard case .leave(let refusal) = try Self.take(&record, taken) else {
            Issue.record("provisioned with another machine's key")
            return
        }
        #expect(refusal.contains(other.text) && record?.note == refusal)

        let mistyped = try Self.take(&record, nil, pid: "4444E3MW")
        #expect(mistyped != .provision && record?.note?.contains("checksum is wrong") == true)
        #expect(try Self.take(&record, KeptPreSharedKey(pid: "0000037M", added: 0, note: "")) == .provision)
        #expect(record?.note == nil && record?.preSharedKey == "0000037M" && record?.rootHashes == [])
    }

    @Test("a hello in the name of a provisioned machine leaves its road as it is, until a person readmits the machine")
    func forged() throws {
        var record: DeviceRecord?
        #expect(try Self.take(&record, KeptPreSharedKey(pid: "0000037M", added: 0, note: "")) == .provision)
        let name = try Hostname("pc1.corp.example.test")
        record?.stage = .managed
        record?.firmware = ProvisionedFirmware(
            name: name, hostOSFQDN: nil, digestRealm: "", pin: "", certificate: "", certificateID: "", keyPairID: "",
            account: nil, adminProved: 1, provedAt: 1)
        #expect(try Self.take(&record, nil, pid: "AAAAAAAN", now: 9) != .provision)
        #expect(record?.stage == .held && record?.preSharedKey == "0000037M")
        record?.readmit(as: name, now: 10)
        #expect(record?.preSharedKey == "AAAAAAAN" && record?.heardRoad == nil)
    }

    @Test("a set-up that is under way stays on its road, whatever another hello says")
    func road() throws {
        var record: DeviceRecord?
        #expect(try Self.take(&record, KeptPreSharedKey(pid: "0000037M", added: 0, note: "")) == .provision)
        record?.stage = .provisioning
        guard
            case .packet(let certificates) = HelloPacket.read(
                [0, 0, 3, 0, 0, 0, 0, 0] + [UInt8](1...16) + [1, 2, 32] + [UInt8](repeating: 0xAA, count: 32))
        else { throw Unexpected("not read") }
        let intake = HelloIntake(domain: try Hostname("corp.example.test"))
        func take(_ now: Double) throws -> HelloIntake.Decision {
            try intake.take(certificates, from: "127.16.0.2", into: &record, temporaryHostname: "ns-x", now: now)
        }
        _ = try take(6)
        #expect(record?.preSharedKey == "0000037M" && record?.rootHashes == [])
        record?.stage = .staged
        #expect(try take(7) == .provision)
        #expect(record?.preSharedKey == nil && record?.rootHashes.count == 1)
    }
}
