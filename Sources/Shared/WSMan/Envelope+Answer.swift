package import LibXML

extension Envelope {
    /// Reads an answer and gives the one element inside its `Body`.
    ///
    /// - Parameters:
    ///   - bytes: The body of the HTTP answer, chunks joined.
    ///   - messageID: The number of the request that it must answer.
    /// - Returns: The element, or `nil` when the body is empty, as after a Delete.
    /// - Throws: ``WSManFault/fault(subcode:reason:detail:)`` for a SOAP fault, ``WSManFault/unreadable(_:)`` for
    ///   anything that is not an answer to this message.
    package static func answer(_ bytes: [UInt8], to messageID: UInt64) throws(WSManFault) -> XMLElement? {
        let envelope: XMLElement
        do { envelope = try parseXML(bytes) } catch { throw .unreadable("\(error)") }
        guard envelope.name == "Envelope", envelope.namespace == Namespace.soap else {
            throw .unreadable("expected a SOAP envelope, got \(envelope.name)")
        }
        guard let header = envelope["Header"], let body = envelope["Body"], body.namespace == Namespace.soap else {
            throw .unreadable("the SOAP envelope lacks its header or its body")
        }
        let related = header["RelatesTo"].map { trimmed($0.text) }
        let fault = body.children.first { $0.name == "Fault" && $0.namespace == Namespace.soap }
        // A firmware that could not read the request's header cannot say which request it answers.
        guard related == "\(messageID)" || (related == nil && fault != nil) else {
            throw .unreadable("the answer is to message \(related ?? "none"), and message \(messageID) was sent")
        }
        if let fault { throw .fault(fault) }
        guard body.children.count <= 1 else {
            throw .unreadable("the answer's body holds \(body.children.count) elements instead of one")
        }
        return body.children.first
    }
}

extension WSManFault {
    /// Reads a SOAP 1.2 fault.
    ///
    /// Source: SOAP 1.2 part 1, section 5.4. The codes are qualified names whose prefixes differ by message; the local
    /// part is what tells them apart.
    fileprivate static func fault(_ element: XMLElement) -> WSManFault {
        let code = element["Code"]
        let value = code?["Subcode"]?["Value"]?.text ?? code?["Value"]?.text ?? ""
        let local = trimmed(value).split(separator: ":").last.map(String.init) ?? ""
        let detail = element["Detail"].map { allText(of: $0).joined(separator: " ") } ?? ""
        return .fault(
            subcode: local.isEmpty ? "unnamed" : local, reason: trimmed(element["Reason"]?["Text"]?.text ?? ""),
            detail: detail.isEmpty ? nil : detail)
    }
}

/// The text of an element and of everything in it, piece by piece, empty pieces left out.
private func allText(of element: XMLElement) -> [String] {
    let own = trimmed(element.text)
    return (own.isEmpty ? [] : [own]) + element.children.flatMap { allText(of: $0) }
}

/// Text without the white space around it.
private func trimmed(_ text: String) -> String {
    // Most text has none, which is told without looking at its characters.
    let visible: ClosedRange<UInt8> = 0x21...0x7E
    if let first = text.utf8.first, let last = text.utf8.last, visible.contains(first), visible.contains(last) {
        return text
    }
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
}
