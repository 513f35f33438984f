import Foundation
import LibXML
import Testing

/// The captured messages that lie beside the checkout, when they do.
private let captures: [URL] = {
    var folder = URL(filePath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    folder.append(path: "shared/vectors/wsman")
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (found?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "xml" }
}()

/// Files that are not well-formed, by the end of their path, and the word by which the parser says so.
private let damaged = [
    "AMTMessages.ts/001_AMT_GeneralSettings_GetResponse.xml": "mismatch",
    "common.test.ts/001_none_noaction.xml": "prefix",
    "HttpHandler.test.ts/001_CIM_ComputerSystem_noaction.xml": "Extra content",
]

@Suite(
    "XML of real firmware",
    .enabled(if: !captures.isEmpty, "skipped: the captures are not at ../shared/vectors beside the checkout"))
struct CaptureTests {
    @Test("is read, written and read again as the same value, or refused for its known damage", arguments: captures)
    func roundTrip(file: URL) throws {
        let document = [UInt8](try Data(contentsOf: file))
        if let damage = damaged.first(where: { file.path.hasSuffix($0.key) }) {
            let fault = try #require(throws: XMLFault.self) { try parseXML(document) }
            #expect("\(fault)".contains(damage.value))
            return
        }
        let element = try parseXML(document)
        #expect(!element.name.isEmpty)
        #expect(try parseXML(try element.document()) == element)
    }

    @Test("is refused at every length but the whole")
    func everyPrefix() throws {
        let file = try #require(captures.first { $0.path.hasSuffix("amt/general/get.xml") })
        var document = [UInt8](try Data(contentsOf: file))
        while let last = document.last, last != UInt8(ascii: ">") { document.removeLast() }
        for length in 0..<document.count {
            #expect(throws: XMLFault.self, "\(length) bytes") { try parseXML(Array(document.prefix(length))) }
        }
    }
}
