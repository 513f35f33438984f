package import Vocabulary

/// A `ReturnValue` other than 0, in the words of its own class.
package struct Refusal: Hashable, Sendable {
    /// Class and method: `AMT_SetupAndConfigurationService.CommitChanges`.
    package let method: String
    package let word: UInt32
    /// What the class's reference says of the word; `nil` when it does not list it.
    package let meaning: String?

    package init(method: String, word: UInt32, meaning: String?) {
        self.method = method
        self.word = word
        self.meaning = meaning
    }

    /// The word as a status of the SDK, for classes that answer with those.
    package var status: PTStatus? { method.hasPrefix("AMT_") ? PTStatus(rawValue: word) : nil }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        "\(method) was refused with \(word): \(meaning ?? "a value that the class's reference does not list")"
    }
}
