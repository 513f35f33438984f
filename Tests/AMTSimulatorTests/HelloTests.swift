import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Hello")
struct HelloTests {
    @Test(
        "is the captured packet, byte for byte", .enabled(if: Vectors.arePresent, Vectors.note),
        arguments: [("23hashes_retry0", 0), ("24hashes_retry0", 0), ("24hashes_retry1", 1)])
    func captured(name: String, retry: UInt32) throws {
        let packet = bytes(try Vectors.text("hello/pki_v3_\(name).hex"))
        let roots = stride(from: 25, to: packet.count, by: 34).map { Array(packet[($0 + 2)..<($0 + 34)]) }
        var firmware = SimulatedFirmware(
            personality: .amt12, uuid: Array(packet[8..<24]), dnsSuffix: "", trustedRoots: roots, seed: 1, now: 0)
        firmware.accounts.adminA1 = [UInt8](repeating: 0, count: 16)
        #expect(firmware.hello(retry: retry) == packet)
    }

    @Test("says version 3, its try, the UUID and each root's hash")
    func layout() {
        let root = [UInt8](repeating: 0xAB, count: 32)
        let firmware = Device(roots: [root]).firmware
        let head: [UInt8] = [0, 0, 3, 0, 2, 0, 0, 0]
        #expect(firmware.hello(retry: 2) == head + bytes(Device.uuid) + [1, 2, 32] + root)
        #expect(firmware.hello(retry: 99)[4] == 14, "the counter's documented range ends there")
    }

    @Test("goes five times a minute apart, twelve times five minutes apart, 23 times an hour apart, and then no more")
    func schedule() {
        let pauses = (1...40).map { SimulatedFirmware.pause(afterHello: $0) }
        let expected: [Double?] =
            Array(repeating: 60, count: 4) + Array(repeating: 300, count: 12) + Array(repeating: 3600, count: 23) + [
                nil
            ]
        #expect(pauses == expected)
    }
}
