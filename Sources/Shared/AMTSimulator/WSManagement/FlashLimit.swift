extension SimulatedFirmware {
    /// Counts a write.
    ///
    /// - Returns: `false` when the flash takes no more, and the request has to be answered with ``flashLimitReached``.
    mutating func mayWrite(_ verb: String) -> Bool {
        guard let left = flashWritesLeft, !["Get", "Enumerate", "Pull"].contains(verb), !verb.hasPrefix("Get") else {
            return true
        }
        guard left > 0 else { return false }
        flashWritesLeft = left - 1
        return true
    }

    /// FLASH_WRITE_LIMIT_EXCEEDED.
    ///
    /// Source: network reference 8.6 for the number; that Put, Create and Delete give it as an internal error follows 8.5.
    static let flashLimitReached: UInt32 = 38
}
