import Foundation

/// An envelope with its prefixes, as a parser that resolves namespaces no longer sees it.
struct Shape {
    struct Node {
        var name: String
        var attributes: [(name: String, value: String)] = []
        var text = ""
        var children: [Node] = []

        /// One line an element: its path with prefixes, its attributes, and the text of a leaf.
        func lines(_ path: String = "", values: Bool = true) -> [String] {
            let here = "\(path)/\(name)" + attributes.map { "[\($0.name)=\($0.value)]" }.joined()
            guard children.isEmpty else { return [here] + children.flatMap { $0.lines(here, values: values) } }
            return [values ? "\(here) = \(text)" : here]
        }

        subscript(_ name: String) -> Node? { children.first { $0.name == name } }
    }

    var root: Node
    /// `prefix=URI` in the order of the root's declarations.
    var declarations: [String] {
        root.attributes.filter { $0.name.hasPrefix("xmlns:") }.map { "\($0.name.dropFirst(6))=\($0.value)" }
    }
    var header: Node { root["a:Header"] ?? Node(name: "none") }
    var body: Node { root["a:Body"] ?? Node(name: "none") }

    init(_ text: String) {
        var open = [Node(name: "document")]
        var rest = text[...]
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let between = rest[..<start].trimmingCharacters(in: .whitespacesAndNewlines)
            open[open.count - 1].text += between
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            if tag.hasPrefix("/") {
                guard open.count > 1 else { break }
                let done = open.removeLast()
                open[open.count - 1].children.append(done)
            } else {
                let node = Self.node(tag.hasSuffix("/") ? tag.dropLast() : tag)
                if tag.hasSuffix("/") { open[open.count - 1].children.append(node) } else { open.append(node) }
            }
        }
        root = open[0].children.first ?? Node(name: "none")
    }

    private static func node(_ tag: Substring) -> Node {
        var rest = tag
        let name = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(name.count)
        var node = Node(name: String(name))
        while let equals = rest.firstIndex(of: "="), let open = rest[equals...].firstIndex(of: "\""),
            let close = rest[rest.index(after: open)...].firstIndex(of: "\"")
        {
            let name = rest[..<equals].trimmingCharacters(in: .whitespacesAndNewlines)
            node.attributes.append((name, String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        return node
    }
}
