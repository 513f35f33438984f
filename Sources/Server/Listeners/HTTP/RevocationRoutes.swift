import HTTPTypes
package import Hummingbird

/// The one thing that is served in clear: relying parties look at a revocation list before they trust anybody's TLS.
package struct RevocationRoutes: Sendable {
    package static let path = "/authority.crl"
    private let list: @Sendable () async throws -> [UInt8]

    /// - Parameter list: The list as it is now, DER.
    package init(_ list: @escaping @Sendable () async throws -> [UInt8]) { self.list = list }

    package func router() -> Router<BasicRequestContext> {
        let (router, list) = (Router(), list)
        router.get("\(Self.path)") { _, _ in
            await answer {
                Response(
                    status: .ok, headers: [.contentType: "application/pkix-crl"],
                    body: .init(byteBuffer: ByteBuffer(bytes: try await list())))
            }
        }
        return router
    }
}
