import Foundation
import Testing
import Vocabulary

@Suite("A secret's memory", .serialized)
struct SecretMemoryTests {
    /// The bytes that are looked for, in a form in which they are not themselves in memory.
    private static let disguised: [UInt8] = (0..<48).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) ^ 0x5A }

    private static func secret() -> Secret { Secret(disguised.map { $0 ^ 0x5A }) }

    /// How often the bytes are in this process's writable memory.
    private static func count() throws -> Int {
        let memory = open("/proc/self/mem", O_RDONLY)
        guard memory >= 0 else { throw CocoaError(.fileReadNoPermission) }
        defer { close(memory) }
        var found = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        for line in try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard words[1].hasPrefix("rw"), ends.count == 2, line.contains("[heap]") || words.count < 6 else {
                continue
            }
            var place = ends[0]
            while place < ends[1] {
                let wanted = min(buffer.count, Int(ends[1] - place))
                let count = pread(memory, &buffer, wanted, off_t(place))
                guard count > disguised.count else { break }
                found += occurrences(in: buffer, count)
                // Read again from where an occurrence may begin that this part cuts off.
                place += UInt64(
                    count == wanted && place + UInt64(count) < ends[1] ? count - disguised.count + 1 : count)
            }
            for index in buffer.indices { buffer[index] = 0 }
        }
        return found
    }

    private static func occurrences(in buffer: [UInt8], _ count: Int) -> Int {
        buffer.withUnsafeBufferPointer { bytes in
            disguised.withUnsafeBufferPointer { wanted in
                var found = 0
                for start in 0...(count - wanted.count) where bytes[start] == wanted[0] ^ 0x5A {
                    var place = 1
                    while place < wanted.count, bytes[start + place] == wanted[place] ^ 0x5A { place += 1 }
                    if place == wanted.count { found += 1 }
                }
                return found
            }
        }
    }

    /// In a process of its own: where other tests map and unmap memory meanwhile, a look over all of it may miss a part.
    @Test("holds its bytes while it lives, and nothing when the last copy is gone")
    func zeroed() async {
        await #expect(processExitsWith: .success) { () async throws in
            #expect(try Self.count() == 0)
            var held = (0..<20).map { _ in Self.secret() }
            var copies = held
            held = []
            #expect(try Self.count() >= 20, "copies live")
            #expect(copies.allSatisfy { $0.reveal { $0.count } == 48 })
            copies = []
            #expect(try Self.count() == 0)
        }
    }
}
