import Foundation
import HTTPTypes
package import Hummingbird
import Vocabulary
import Wire

/// The routes that agents use, each behind the build token.
package struct AgentRoutes: Sendable {
    private let service: any AgentService

    package init(_ service: any AgentService) { self.service = service }

    /// Requests larger than this are refused unread; a report has a few hundred bytes.
    static let longestBody = 64 * 1024

    package func router() -> Router<BasicRequestContext> {
        let router = Router()
        let service = service
        router.post("/v1/reports") { request, _ in
            await answer {
                let token = try await Self.admit(request, service)
                let report = try await Self.report(in: request)
                try await service.admit(token: token, for: report.machine)
                return try json(.ok, try await service.take(report))
            }
        }
        router.get("/v1/token") { request, _ in
            await answer {
                _ = try await Self.admit(request, service)
                return Response(status: .noContent)
            }
        }
        router.post("/v1/expectations") { request, _ in
            await answer {
                let token = try await Self.admit(request, service)
                let expectation: Expectation = try await Self.read(request, "expectation")
                try Self.check(expectation.wireVersion)
                try await service.admit(token: token, for: expectation.machine)
                try await service.take(expectation)
                return Response(status: .noContent)
            }
        }
        router.post("/v1/inspections") { request, _ in
            await answer {
                let token = try await Self.admit(request, service)
                let inspection: Inspection = try await Self.read(request, "inspection")
                try Self.check(inspection.wireVersion)
                try await service.admit(token: token, for: inspection.machine)
                try await service.take(inspection)
                return Response(status: .noContent)
            }
        }
        router.get("/v1/jobs/:job") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(token: try await Self.admit(request, service), toJob: job)
                guard let progress = try await service.progress(of: job) else { throw noSuchJob(job) }
                return try json(.ok, progress)
            }
        }
        router.post("/v1/jobs/:job/echo-written") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(token: try await Self.admit(request, service), toJob: job)
                guard try await service.echoWritten(job) else { throw noSuchJob(job) }
                return Response(status: .noContent)
            }
        }
        router.post("/v1/jobs/:job/echo-restored") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(token: try await Self.admit(request, service), toJob: job)
                guard try await service.echoRestored(job) else { throw noSuchJob(job) }
                return Response(status: .noContent)
            }
        }
        return router
    }

    /// The request's token, which is known and good; nothing else of the request is read before.
    private static func admit(_ request: Request, _ service: any AgentService) async throws -> Secret {
        let words = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == Wire.authorizationScheme.lowercased() else {
            throw Refusal(.unauthorized, .tokenRefused, "the request carries no build token")
        }
        let token = Secret(String(words[1]))
        try await service.admit(token: token, for: nil)
        return token
    }

    private static func report(in request: Request) async throws -> Report {
        let report: Report = try await read(request, "report")
        try check(report.wireVersion)
        return report
    }

    private static func read<Value: Decodable>(_ request: Request, _ what: String) async throws -> Value {
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: longestBody) } catch {
            throw Refusal(.contentTooLarge, .serverRefused, "the \(what) is longer than \(longestBody) bytes")
        }
        do { return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView)) } catch {
            throw Refusal(.badRequest, .serverRefused, "the \(what) cannot be read: \(explained(error))")
        }
    }

    private static func check(_ version: Int) throws {
        guard version == Wire.version else {
            throw Refusal(
                .badRequest, .serverRefused,
                "the report has wire version \(version), this server speaks \(Wire.version)",
                hint: "Update the older of agent and server.")
        }
    }
}
