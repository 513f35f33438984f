import Fleet
import Foundation
import TestKit
import Testing
import Vocabulary

@Suite("Hello packets")
struct HelloTests {
    /// Two root hashes, made by hand from the layout.
    static let made: [UInt8] =
        [1, 0] + [3, 0] + [7, 0, 0, 0]  // credentials set, version 3, retry 7
        + [0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13, 0x18, 0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b]
        + [2]  // hashes
        + [2, 32] + [UInt8](repeating: 0xAA, count: 32) + [1, 20] + [UInt8](repeating: 0xBB, count: 20)

    @Test("a version 3 packet gives UUID, retry count and hashes")
    func versionThree() throws {
        guard case .packet(let packet) = HelloPacket.read(Self.made) else {
            Issue.record("not read")
            return
        }
        #expect(packet.machine.text == "939b524b-13d4-1d18-e487-1c697a6b7a2b")
        #expect(packet.credentialsSet)
        #expect(packet.retryCount == 7)
        #expect(packet.rootHashes.map(\.bytes.count) == [32, 20])
        #expect(packet.rootHashes.map(\.type) == [2, 1])
    }

    @Test("every shorter piece is incomplete, never an error and never a packet")
    func prefixes() {
        for count in 0..<Self.made.count { #expect(HelloPacket.read(Array(Self.made.prefix(count))) == .incomplete) }
    }

    @Test("a version 2 packet gives its PID")
    func versionTwo() throws {
        let bytes: [UInt8] = [0, 0, 2, 0, 0, 0, 0, 0] + [UInt8](1...16) + Array("0000037M".utf8)
        guard case .packet(let packet) = HelloPacket.read(bytes) else {
            Issue.record("not read")
            return
        }
        #expect(packet.pid == "0000037M")
        #expect(!packet.credentialsSet)
    }

    @Test(
        "what is no hello is refused with its reason",
        arguments: [
            (Array("GET / HTTP/1.1\r\n".utf8), "HTTP"), ([1, 0, 99, 0, 0, 0, 0, 0], "version 99"),
            ([7, 0, 3, 0] + [UInt8](repeating: 1, count: 30), "credentials"), (Self.made + [0], "after the last"),
            (Array(Self.made.prefix(25)) + [2, 31], "31 bytes"),
            ([0, 0, 2, 0, 0, 0, 0, 0] + [UInt8](1...16) + Array("0000-37M".utf8), "PID"),
            ([UInt8](repeating: 0, count: HelloPacket.longest + 1), "longer"),
        ] as [([UInt8], String)])
    func unreadable(bytes: [UInt8], why: String) {
        guard case .unreadable(let reason) = HelloPacket.read(bytes) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains(why))
    }

    @Test(
        "captured packets of real firmware read", .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [
            ("pki_v3_23hashes_retry0", "939b524b-13d4-1d18-e487-1c697a6b7a2b", 0, 23),
            ("pki_v3_24hashes_retry0", "939b524b-13d4-1d18-e487-1c697a6b7a2b", 0, 24),
            ("pki_v3_24hashes_retry1", "d2ffc23e-9dd1-412d-860a-54b2039b72ff", 1, 24),
        ])
    func captures(file: String, machine: String, retry: UInt32, hashes: Int) throws {
        let raw = try #require(bytes(hexadecimal: try Vectors.text("hello/\(file).hex")))
        guard case .packet(let packet) = HelloPacket.read(raw) else {
            Issue.record("not read")
            return
        }
        #expect(packet.machine.text == machine)
        #expect(packet.retryCount == retry)
        #expect(packet.rootHashes.count == hashes)
        #expect(packet.rootHashes.allSatisfy { $0.type == 2 && $0.bytes.count == 32 })
        for count in 0..<raw.count { #expect(HelloPacket.read(Array(raw.prefix(count))) == .incomplete) }
    }
}

@Suite("Taking a hello")
struct HelloIntakeTests {
    let intake: HelloIntake
    init() throws { intake = HelloIntake(domain: try Hostname("corp.example.test")) }

    func hello(_ machine: MachineID) throws -> HelloPacket {
        let bytes = [0, 0, 3, 0, 0, 0, 0, 0] + machine.smbiosBytes + [1, 2, 32] + [UInt8](repeating: 0xAA, count: 32)
        guard case .packet(let packet) = HelloPacket.read(bytes) else { throw Failure(.helloUnreadable, "\(bytes)") }
        return packet
    }

    @Test("a new machine gets a record with a name made from its UUID, and is provisioned")
    func new() throws {
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        let label = temporaryHostname(for: machine)
        var record: DeviceRecord?
        let decision = try intake.take(
            hello(machine), from: "127.16.0.2", into: &record, temporaryHostname: label, now: 5)
        #expect(decision == .provision)
        #expect(record?.name.text == "\(label).corp.example.test")
        #expect(record?.address == "127.16.0.2")
        #expect(record?.rootHashes == [String(repeating: "aa", count: 32)])
    }

    @Test("a UUID that many machines share makes no record and says what to do", arguments: [UInt8(0), 0xFF])
    func bogus(byte: UInt8) throws {
        let machine = try #require(MachineID(smbios: [UInt8](repeating: byte, count: 16)))
        var record: DeviceRecord?
        let failure = #expect(throws: Failure.self) {
            try intake.take(hello(machine), from: "127.0.0.1", into: &record, temporaryHostname: "ns-x", now: 0)
        }
        #expect(failure?.code == .machineIDBogus)
        #expect(failure?.hint != nil)
        #expect(record == nil)
    }

    @Test("addresses that take turns under one UUID are two machines, which are held; one change of address is none")
    func twins() throws {
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        var record: DeviceRecord?
        func take(_ address: String, _ now: Double) throws -> HelloIntake.Decision {
            try intake.take(hello(machine), from: address, into: &record, temporaryHostname: "ns-x", now: now)
        }
        for (address, now) in [("127.0.0.2", 0.0), ("127.0.0.2", 60), ("127.0.0.3", 120), ("127.0.0.3", 180)] {
            #expect(try take(address, now) == .provision)
        }
        #expect(try take("127.0.0.2", 240) != .provision)
        #expect(record?.stage == .held)
        #expect(record?.twins == ["127.0.0.2", "127.0.0.3"])
        #expect(record?.note?.contains("127.0.0.2 and 127.0.0.3") == true)

        record = nil
        _ = try take("127.0.0.2", 0)
        _ = try take("127.0.0.3", 60)
        #expect(try take("127.0.0.2", 61 + HelloIntake.turnsWithin) == .provision, "a lease that came back next day")
    }

    @Test("a managed machine that says hello again is held, not provisioned over")
    func managed() throws {
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        var record: DeviceRecord?
        _ = try intake.take(hello(machine), from: "127.16.0.2", into: &record, temporaryHostname: "ns-x", now: 5)
        record?.stage = .managed
        let decision = try intake.take(
            hello(machine), from: "127.16.0.9", into: &record, temporaryHostname: "ns-x", now: 6)
        guard case .leave = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(record?.stage == .held)
        #expect(record?.address == "127.16.0.2", "the address of a managed machine is not taken from a hello")
    }

    @Test("temporary names are valid labels of 15 characters, stable, and differ")
    func names() throws {
        var seen: Set<String> = []
        for number in 0..<2000 {
            let machine = try #require(
                MachineID(smbios: (0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 % 2 * 8)) }))
            let label = temporaryHostname(for: machine)
            #expect(try Hostname(label).text == label)
            #expect(label.count == 15)
            #expect(label == temporaryHostname(for: machine))
            seen.insert(label)
        }
        #expect(seen.count == 2000)
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        #expect(temporaryHostname(for: machine) != temporaryHostname(for: machine, attempt: 1))
    }

    @Test("one source cannot open connections without end, and others are not kept out by it")
    func limits() {
        var limits = HelloLimits()
        func admits(_ source: String, _ now: Double) -> Bool { limits.admits(source, now: now) }
        for _ in 0..<limits.openPerSource { #expect(admits("127.0.0.1", 0)) }
        #expect(!admits("127.0.0.1", 0))
        #expect(admits("127.0.0.2", 0))
        limits.closed("127.0.0.1")
        #expect(admits("127.0.0.1", 0))
        for _ in 0..<limits.perWindow {
            limits.closed("127.0.0.1")
            _ = limits.admits("127.0.0.1", now: 1)
        }
        limits.closed("127.0.0.1")
        #expect(!admits("127.0.0.1", 2))
        #expect(admits("127.0.0.1", 2 + limits.window))
    }
}
