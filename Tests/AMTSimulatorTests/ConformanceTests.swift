import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Answers have the form of captures", .enabled(if: Vectors.arePresent, Vectors.note))
struct ConformanceTests {
    @Test("declarations, prefixes, names, order and values are the capture's", arguments: captures)
    func conforms(capture: Capture) throws {
        var device = try Device.provisioned()
        let reply = try capture.ask(&device)
        let (own, captured) = (Shape(reply.text), try capture.captured())
        #expect(reply.status == 200)
        #expect(reply.text.split(separator: "\n").count == 1, "one line")
        #expect(own.declarations == captured.declarations)
        #expect(own.header.children.map(\.name) == captured.header.children.map(\.name))
        for name in ["b:To", "b:Action", "c:ResourceURI"] {
            let edited = capture.hasEditedAction && name == "b:Action" ? "Response" : ""
            #expect(own.header[name]?.text == (captured.header[name]?.text).map { $0 + edited })
        }
        #expect(
            own.header["b:Action"]?.attributes.map { "\($0)" }
                == captured.header["b:Action"]?.attributes.map { "\($0)" })
        #expect(capture.lines(own.body) == capture.lines(captured.body))
    }

    @Test("no capture of a class that is answered is left out")
    func everyCapture() throws {
        let answered = Set(firmwareClasses.map { $0.name })
        let index = try Vectors.text("wsman/INDEX.tsv").split(separator: "\n").map { $0.split(separator: "\t") }
        let files = index.filter { $0.count > 1 && answered.contains(String($0[1])) }.map { row in
            row[0].hasPrefix(Capture.folder) ? String(row[0].dropFirst(Capture.folder.count)) : String(row[0])
        }
        #expect(!files.isEmpty)
        let compared = Set(captures.map(\.path))
        #expect(files.filter { !compared.contains($0) && exempt[$0] == nil } == [])
        #expect(Set(exempt.keys).subtracting(files) == [], "an exemption without its file")
        #expect(compared.intersection(exempt.keys) == [])
    }
}
