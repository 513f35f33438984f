/// A host name, single-label or fully qualified, in the form in which names are compared.
///
/// Lower case, without a trailing dot, ASCII: a name with other letters arrives as its IDNA A-labels (`xn--…`).
/// Each label is 1 to 63 characters of letters, digits and hyphens and neither begins nor ends with a hyphen; the whole
/// has at most 253 characters. Source: RFC 1123 section 2.1, RFC 1035 section 2.3.4.
package struct Hostname: Hashable, Sendable {
    package let text: String

    /// Why a text is no host name.
    package enum Flaw: Error, Hashable, Sendable {
        case empty
        case tooLong(characters: Int)
        case labelEmpty
        case labelTooLong(label: String)
        case labelHyphen(label: String)
        case character(label: String)
        /// A letter beyond ASCII that international names do not have, or not in this form.
        case international(label: String)
    }

    /// - Throws: ``Flaw``, which says what is wrong in the operator's words through its `description`.
    package init(_ text: String) throws(Flaw) {
        var text = text.lowercased()
        if text.hasSuffix(".") { text.removeLast() }
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= 253 else { throw .tooLong(characters: text.utf8.count) }
        for label in text.split(separator: ".", omittingEmptySubsequences: false) {
            let shown = String(label.prefix(64))
            guard !label.isEmpty else { throw .labelEmpty }
            guard label.utf8.allSatisfy({ Self.allowed.contains($0) }) else { throw .character(label: shown) }
            guard label.utf8.count <= 63 else { throw .labelTooLong(label: shown) }
            guard label.first != "-", label.last != "-" else { throw .labelHyphen(label: shown) }
        }
        self.text = text
    }

    /// The part before the first dot.
    package var host: String { String(text.prefix { $0 != "." }) }

    /// The part after the first dot; empty for a single label.
    package var domain: String { String(text.dropFirst(host.count + 1)) }

    package var isQualified: Bool { text.contains(".") }

    private static let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
}

extension Hostname.Flaw: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the name is empty"
        case .tooLong(let characters): "the name has \(characters) characters; at most 253 fit"
        case .labelEmpty: "the name has an empty label (two dots in a row, or one at its head)"
        case .labelTooLong(let label): "the label '\(label)…' is longer than 63 characters"
        case .labelHyphen(let label): "the label '\(label)' begins or ends with a hyphen"
        case .character(let label):
            "the label '\(label.debugDescription)' has a character that is no letter, digit or hyphen"
        case .international(let label):
            "the label '\(label.debugDescription)' has a character that no international name has in this form; "
                + "write it in the form that DNS knows (xn--…)"
        }
    }
}

extension Hostname: CustomStringConvertible {
    package var description: String { text }
}

extension Hostname: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do { self = try Hostname(text) } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
