import Foundation
import HTTPTypes
package import Hummingbird
import Vocabulary
import Wire

/// The routes that agents use, each behind the build token or the machine's own certificate.
package struct AgentRoutes: Sendable {
    private let service: any AgentService

    package init(_ service: any AgentService) { self.service = service }

    /// Requests larger than this are refused unread; a report has a few hundred bytes.
    static let longestBody = 64 * 1024

    package func router() -> Router<AgentContext> {
        let router = Router(context: AgentContext.self)
        let service = service
        router.post("/v1/reports") { request, context in
            await answer {
                let credential = try await Self.admit(request, context, service)
                let report = try await Self.report(in: request)
                try await service.admit(credential, for: report.machine)
                return try json(.ok, try await service.take(report, from: context.address))
            }
        }
        router.get("/v1/token") { request, context in
            await answer {
                _ = try await Self.admit(request, context, service)
                return Response(status: .noContent)
            }
        }
        router.post("/v1/expectations") { request, context in
            await answer {
                let credential = try await Self.admit(request, context, service)
                let expectation: Expectation = try await Self.read(request, "expectation")
                try Self.check(expectation.wireVersion)
                try await service.admit(credential, for: expectation.machine)
                try await service.take(expectation)
                return Response(status: .noContent)
            }
        }
        router.post("/v1/inspections") { request, context in
            await answer {
                let credential = try await Self.admit(request, context, service)
                let inspection: Inspection = try await Self.read(request, "inspection")
                try Self.check(inspection.wireVersion)
                try await service.admit(credential, for: inspection.machine)
                try await service.take(inspection)
                return Response(status: .noContent)
            }
        }
        router.post("/v1/certificates") { request, context in
            await answer {
                let credential = try await Self.admit(request, context, service)
                let order: CertificateOrder = try await Self.read(request, "order")
                try Self.check(order.wireVersion)
                try await service.admit(credential, for: order.machine)
                return try json(.ok, try await service.take(order, from: credential))
            }
        }
        router.get("/v1/jobs/:job") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(try await Self.admit(request, context, service), toJob: job)
                guard let progress = try await service.progress(of: job) else { throw noSuchJob(job) }
                return try json(.ok, progress)
            }
        }
        router.post("/v1/jobs/:job/echo-written") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(try await Self.admit(request, context, service), toJob: job)
                guard try await service.echoWritten(job) else { throw noSuchJob(job) }
                return Response(status: .noContent)
            }
        }
        router.post("/v1/jobs/:job/board-proof") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(try await Self.admit(request, context, service), toJob: job)
                let proof: BoardProof = try await Self.read(request, "proof")
                try Self.check(proof.wireVersion)
                guard try await service.take(proof, about: job) else { throw noSuchJob(job) }
                return Response(status: .noContent)
            }
        }
        router.post("/v1/jobs/:job/echo-restored") { request, context in
            let job = context.parameters.get("job") ?? ""
            return await answer {
                try await service.admit(try await Self.admit(request, context, service), toJob: job)
                guard try await service.echoRestored(job) else { throw noSuchJob(job) }
                return Response(status: .noContent)
            }
        }
        return router
    }

    /// What the request shows, which is known and good; nothing else of the request is read before.
    private static func admit(
        _ request: Request, _ context: AgentContext, _ service: any AgentService
    ) async throws -> AgentCredential {
        let words = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        let isToken = words.count == 2 && words[0].lowercased() == Wire.authorizationScheme.lowercased()
        let credential = AgentCredential(
            token: isToken ? Secret(String(words[1])) : nil, certificate: try await context.clientCertificate())
        guard credential.token != nil || credential.certificate != nil else {
            throw Refusal(.unauthorized, .tokenRefused, "the request carries neither build token nor certificate")
        }
        try await service.admit(credential, for: nil)
        return credential
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
