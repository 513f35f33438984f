/// Says clearly what came when it is plainly no XML.
///
/// Firmware answers a refused log-on with a web page; "Opening and ending tag mismatch" would not tell that to anyone.
func refuseWhatIsNoXML(_ bytes: [UInt8]) throws(XMLFault) {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var content = bytes[...]
    if content.starts(with: byteOrderMark) { content = content.dropFirst(byteOrderMark.count) }
    content = content.drop(while: isWhiteSpace)
    guard let first = content.first else { throw .empty }
    // A document in UTF-16 begins with its byte order mark or with a zero beside the `<`: the parser knows it.
    guard first != 0xFE, first != 0xFF, first != 0 else { return }
    let beginning = String(decoding: content.prefix(60), as: UTF8.self)
    let lowercased = beginning.lowercased()
    if lowercased.hasPrefix("<!doctype html") || lowercased.hasPrefix("<html") { throw .html(beginning: beginning) }
    guard first == UInt8(ascii: "<") else { throw .notXML(beginning: beginning) }
}

/// What XML calls white space.
///
/// Source: XML 1.0 section 2.3.
func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
