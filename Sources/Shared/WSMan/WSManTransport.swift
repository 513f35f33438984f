/// Carries one envelope to the firmware and its answer back.
///
/// HTTP with digest or a client certificate in the product, a simulated firmware in tests.
package protocol WSManTransport: Sendable {
    /// Posts the envelope to `/wsman`.
    ///
    /// Called with the next envelope only after the last one was answered.
    ///
    /// - Parameters:
    ///   - envelope: UTF-8, at most ``Envelope/largestRequest`` bytes.
    ///   - title: What it asks, as ``WSManOperation/title`` says it, for logs.
    /// - Returns: The body of an answer with status 200, 400 or 500, chunks joined: faults come with the last two.
    /// - Throws: ``WSManFault``: unreachable, not sent, peer not trusted, authentication refused, or unreadable for any
    ///   other status.
    func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8]
}
