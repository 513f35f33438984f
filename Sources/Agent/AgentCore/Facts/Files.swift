import Glibc

/// The first line of a small file without the white space around it; `nil` when the file cannot be read as text.
func firstLine(ofFile path: String) -> String? {
    guard let text = smallFile(path) else { return nil }
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(trimmed)
}

/// A text file of at most 64 KiB; what is longer is cut.
func smallFile(_ path: String) -> String? { textFile(path, atMost: 1 << 16) }

/// - Returns: The file's beginning; `nil` when it is not there, or no UTF-8.
func textFile(_ path: String, atMost limit: Int) -> String? {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var (text, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 4096))
    while text.count < limit {
        let count = read(file.number, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { break }
        text += buffer.prefix(count)
    }
    return String(validating: text.prefix(limit), as: UTF8.self)
}

func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
}
