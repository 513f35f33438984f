import LibXML
import Testing
import WSMan

/// A captured answer and what must be read in it.
struct Reading: Sendable, CustomTestStringConvertible {
    let path: String
    let check: @Sendable () throws -> Void
    /// Whether a body is read; `nil` for faults, which no operation reads.
    let output: (@Sendable (XMLElement?) -> Bool)?

    var testDescription: String { path }

    /// An answer that an operation reads.
    ///
    /// - Parameters:
    ///   - file: Below `go-wsman-messages/responses/`, without the `.xml`.
    ///   - output: How the operation reads it.
    ///   - check: What must be true of the value.
    init<Output>(
        _ file: String, _ output: @escaping @Sendable (XMLElement?) throws(WSManFault) -> Output,
        _ check: @escaping @Sendable (Output) throws -> Void
    ) {
        let path = "go-wsman-messages/responses/\(file).xml"
        self.path = path
        self.check = { try check(try output(try Vectors.body(path))) }
        self.output = { (try? output($0)) != nil }
    }

    /// An answer with a known defect, which an operation refuses by naming what is wrong.
    init<Output>(
        refused file: String, _ output: @escaping @Sendable (XMLElement?) throws(WSManFault) -> Output,
        _ word: String
    ) {
        let path = "go-wsman-messages/responses/\(file).xml"
        self.path = path
        self.check = {
            let body = try Vectors.body(path)
            let fault = try #require(throws: WSManFault.self) { try output(body) }
            #expect("\(fault)".contains(word))
        }
        self.output = nil
    }

    /// A SOAP fault.
    init(fault: WSManFault, _ path: String) {
        self.path = path
        self.check = { _ = #expect(throws: fault) { try Vectors.body(path) } }
        self.output = nil
    }
}

let faultReadings: [Reading] = [
    Reading(
        fault: .fault(
            subcode: "AlreadyExists", reason: "The sender attempted to create a resource which already exists.",
            detail: nil), "rps/AMTMessages.ts/002_none_fault.xml")
]
