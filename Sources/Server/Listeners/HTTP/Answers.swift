import Foundation
import HTTPTypes
import Hummingbird
import Vocabulary
import Wire

/// A refusal with the status that says whose turn it is.
struct Refusal: Error {
    var status: HTTPResponse.Status
    var failure: Failure

    init(_ status: HTTPResponse.Status, _ code: Failure.Code, _ message: String, hint: String? = nil) {
        self.status = status
        failure = Failure(code, message, hint: hint)
    }
}

func noSuchJob(_ job: String) -> Refusal {
    Refusal(.notFound, .machineUnknown, "there is no job '\(job.prefix(40))'")
}

/// Runs a route and turns what it throws into a ``Wire/Problem`` with a fitting status.
func answer(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch {
        let (status, failure) = refusal(for: error)
        let problem = Problem(code: failure.code.rawValue, message: failure.message, hint: failure.hint)
        let written = try? json(status, problem)
        return written ?? Response(status: .internalServerError)
    }
}

private func refusal(for error: any Error) -> (HTTPResponse.Status, Failure) {
    if let refusal = error as? Refusal { return (refusal.status, refusal.failure) }
    guard let failure = error as? Failure else {
        return (.internalServerError, Failure(.serverRefused, "the server met an error that it has no words for"))
    }
    switch failure.code {
    case .machineUnknown: return (.notFound, failure)
    case .tokenRefused: return (.unauthorized, failure)
    case .nameTaken, .namePolicy, .firmwareStateUnexpected, .jobUnderWay, .machineIDBogus, .claimNotProved,
        .boardNotProved:
        return (.conflict, failure)
    case .certificateUnreadable, .certificateUnfit: return (.badRequest, failure)
    case .storeUnavailable: return (.serviceUnavailable, failure)
    default: return (.internalServerError, failure)
    }
}

func json(_ status: HTTPResponse.Status, _ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = try encoder.encode(value)
    return Response(
        status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
}

/// A decoding error in one line, with the place and without the text, which might be long or secret.
func explained(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not JSON" }
    func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "at the top" : "at '\(path)'"
    }
    switch error {
    case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing \(place(context))"
    case .typeMismatch(_, let context): return "another type was expected \(place(context))"
    case .valueNotFound(_, let context): return "a value was expected \(place(context))"
    case .dataCorrupted(let context): return "\(context.debugDescription) \(place(context))"
    @unknown default: return "not JSON of this shape"
    }
}
