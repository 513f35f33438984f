import Glibc

/// Bytes that must not be seen: a password, a key, a token.
///
/// It prints as `Secret(…)` wherever it is interpolated, dumped or logged, is not Codable, and is compared without
/// telling where two differ. Its storage is zeroed when the last copy goes. Find its uses by searching for `reveal`.
package struct Secret: Sendable {
    private let storage: Storage

    package init(_ bytes: [UInt8]) { storage = Storage(bytes) }
    package init(_ text: String) { storage = Storage(Array(text.utf8)) }

    /// Lends the bytes.
    ///
    /// They must not outlive the call except on their way into the peer that needs them.
    package func reveal<Value, Problem: Error>(_ body: ([UInt8]) throws(Problem) -> Value) throws(Problem) -> Value {
        try body(storage.bytes)
    }

    /// The bytes as text, for a header or a message that needs it.
    package var revealedText: String { String(decoding: storage.bytes, as: UTF8.self) }

    /// The owner whose end zeroes the bytes.
    ///
    /// `@unchecked`: `bytes` is written in `init` and in `deinit` only, when no other reference exists.
    private final class Storage: @unchecked Sendable {
        fileprivate var bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        deinit {
            // Plain stores to memory that is freed next would be left out by the optimiser.
            bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
        }
    }
}

extension Secret: Equatable {
    package static func == (left: Secret, right: Secret) -> Bool {
        let (a, b) = (left.storage.bytes, right.storage.bytes)
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Secret(…)" }
    package var debugDescription: String { "Secret(…)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
