import Certificates
import Testing
import Vocabulary

@Suite("The ring of master keys")
struct KeyRingTests {
    static func ring(_ numbers: UInt8...) throws -> KeyRing {
        try KeyRing(filed: Secret(numbers.flatMap { [UInt8](repeating: $0, count: 32) }))
    }

    @Test("the first key seals, every key opens, and after a rotation the old one still does")
    func rotation() throws {
        let old = try Self.ring(7)
        let sealed = try old.seal(Secret("canary"), for: "x")
        let ring = try old.rotated()
        #expect(ring.keys.map(\.identifier) == [ring.current.identifier, old.current.identifier])
        #expect(try ring.open(sealed, for: "x") == Secret("canary"))
        let anew = try ring.seal(Secret("canary"), for: "x")
        #expect(Array(anew.prefix(8)) == ring.current.identifier)
        let failure = #expect(throws: Failure.self) { try old.open(anew, for: "x") }
        #expect(failure?.code == .vaultKeyWrong)
        let read = try KeyRing(filed: ring.filed)
        #expect(try read.open(anew, for: "x") == Secret("canary"))
    }

    @Test("an old key can be taken out, the current one cannot")
    func removal() throws {
        let ring = try Self.ring(1, 2, 3)
        let without = try ring.without(ring.keys[1].identifier)
        #expect(without.keys.map(\.identifier) == [ring.keys[0].identifier, ring.keys[2].identifier])
        #expect(try ring.without(ring.current.identifier).keys.count == 3)
    }

    @Test("a file that is no ring is refused", arguments: [0, 1, 31, 33, 63, 32 * 65])
    func unfit(count: Int) {
        let bytes = (0..<count).map { UInt8($0 / 32) }
        let failure = #expect(throws: Failure.self) { try KeyRing(filed: Secret(bytes)) }
        #expect(failure?.code == .vaultKeyWrong)
        #expect(failure?.hint != nil)
    }

    @Test("one key twice is refused")
    func twice() {
        #expect(throws: Failure.self) { try Self.ring(1, 1) }
    }
}
