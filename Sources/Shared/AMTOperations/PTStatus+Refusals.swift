import Vocabulary

extension PTStatus {
    /// The refusals of a method of an `AMT_` class, in the SDK's words.
    ///
    /// - Parameters:
    ///   - words: The return values that the method's reference lists, 0 left out.
    ///   - meanings: What some of them mean for this method.
    /// - Returns: A table for ``WSManOperation/refusals``.
    static func refusals(_ words: [UInt32], _ meanings: [UInt32: String] = [:]) -> [UInt32: String] {
        Dictionary(
            uniqueKeysWithValues: words.map { word in
                let name = "\(PTStatus(rawValue: word))"
                return (word, meanings[word].map { "\(name): \($0)" } ?? name)
            })
    }
}
