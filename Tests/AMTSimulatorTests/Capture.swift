import Foundation
import TestKit
import Testing

/// One captured answer and the request that must bring the same from the simulator.
struct Capture: Sendable, CustomTestStringConvertible {
    var path: String
    /// What the firmware must have gone through, and the request itself.
    var ask: @Sendable (inout Device) throws -> Device.Reply
    /// Elements, without prefix, whose values differ with the device or the moment.
    var free: Set<String> = []
    /// Elements of another generation, or of another network, than the simulated one: absent on either side.
    var foreign: Set<String> = []
    /// The captured Action lacks its `Response`: edited by hand (network reference 10.2).
    var hasEditedAction = false

    var testDescription: String { path }

    init(
        _ path: String, free: Set<String> = [], foreign: Set<String> = [], hasEditedAction: Bool = false,
        _ ask: @escaping @Sendable (inout Device) throws -> Device.Reply
    ) {
        (self.path, self.ask, self.free, self.foreign) = (path, ask, free, foreign)
        self.hasEditedAction = hasEditedAction
    }

    /// The envelope: of a file with chunks, their bytes put together.
    func captured() throws -> Shape {
        let isApart = ["rps/", "raw-http/"].contains(where: path.hasPrefix)
        let name = isApart ? "wsman/\(path)" : "wsman/\(Self.folder)\(path)"
        guard path.hasSuffix(".http") else { return Shape(try Vectors.text(name)) }
        // The file begins with the line end that stood between head and first chunk.
        let head = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".utf8)
        return Shape(String(decoding: HTTPReply(head + (try Vectors.bytes(name))).body, as: UTF8.self))
    }

    static let folder = "go-wsman-messages/responses/"

    /// The lines of a body to compare: foreign elements out, free values blank.
    func lines(_ body: Shape.Node) -> [String] {
        prepared(body).lines()
    }

    private func prepared(_ node: Shape.Node) -> Shape.Node {
        var node = node
        node.children = node.children.filter { !foreign.contains(Self.local($0.name)) }.map(prepared)
        if free.contains(Self.local(node.name)) { node.text = "(free)" }
        return node
    }

    private static func local(_ name: String) -> String { String(name.split(separator: ":").last ?? "") }
}
