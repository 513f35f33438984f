import AMTOperations
import LibXML
import Testing
import WSMan

@Suite("HTTP bytes of real firmware", .enabled(if: Vectors.present, Vectors.missing))
struct RawHTTPTests {
    /// What a chunked body carries, its chunks joined.
    ///
    /// Captures begin with a line break or end before the last chunk; both are let pass.
    func joined(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...].drop { $0 == 0x0D || $0 == 0x0A }
        var result: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0D) {
            let size = try #require(Int(String(decoding: rest[rest.startIndex..<end], as: UTF8.self), radix: 16))
            if size == 0 { break }
            result += rest.dropFirst(end - rest.startIndex + 2).prefix(size)
            rest = rest.dropFirst(end - rest.startIndex + 2 + size + 2)
        }
        return result
    }

    @Test("in four chunks that split a word are read as general settings")
    func generalSettings() throws {
        var bytes: [UInt8] = []
        for part in 1...4 { bytes += try Vectors.bytes("raw-http/rps_wsmanGenSettingsChunk0\(part).http") }
        let settings = try AMT.GeneralSettings.Get.output(from: try Vectors.answer(try joined(bytes)))
        #expect(settings.digestRealm == "Digest:62FFAC181B3F3457C5B3894ED21F3E6E")
        #expect(settings.hostName == "")
        #expect(settings.object.text("ThunderboltDockEnabled") == "0")
    }

    @Test("of a fault are read as one")
    func fault() throws {
        let envelope = try joined(try Vectors.bytes("raw-http/rps_wsmanAlreadyExistsAllChunks.http"))
        #expect(
            throws: WSManFault.fault(
                subcode: "AlreadyExists", reason: "The sender attempted to create a resource which already exists.",
                detail: nil)
        ) { try Vectors.answer(envelope) }
    }

    @Test("of other classes are read as far as their body", arguments: ["Card", "ComputerPackage"])
    func others(name: String) throws {
        let envelope = try joined(try Vectors.bytes("raw-http/mps_cim\(name)Response.http"))
        #expect(try Vectors.answer(envelope)?.name.hasPrefix("CIM_") == true)
    }

    @Test("of a refused log-on are a web page, and the error says so")
    func webPage() throws {
        let page = try Vectors.bytes("raw-http/rps_htmlUnauth.http")
        let fault = try #require(throws: WSManFault.self) { try Envelope.answer(page, to: 1) }
        #expect("\(fault)".contains("HTML"))
        #expect("\(fault)".contains("<!DOCTYPE HTML"))
    }
}
