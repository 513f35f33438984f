import Foundation
import HTTPTypes
package import Hummingbird
package import Vocabulary

/// What a person at the server asks, over a Unix socket that only its owner may open.
package protocol ConsoleService: Sendable {
    /// Runs one verb and gives JSON for its reader; the verbs are the command line's.
    func console(_ verb: [String]) async throws(Failure) -> [UInt8]
}

/// The console's one route: the verb is the path.
package struct ConsoleRoutes: Sendable {
    private let service: any ConsoleService

    package init(_ service: any ConsoleService) { self.service = service }

    package func router() -> Router<BasicRequestContext> {
        let router = Router()
        let service = service
        router.post("/console/**") { _, context in
            let words = context.parameters.getCatchAll()
            return await answer {
                let verb = words.compactMap { String($0).removingPercentEncoding }
                guard verb.count == words.count else {
                    throw Failure(.serverRefused, "the verb's words are not percent-encoded UTF-8")
                }
                let bytes = try await service.console(verb)
                return Response(
                    status: .ok, headers: [.contentType: "application/json"],
                    body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
            }
        }
        return router
    }
}
