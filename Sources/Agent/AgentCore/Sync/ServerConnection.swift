import FoundationEssentials
package import Vocabulary
package import Wire

/// Carries one request to the server and its answer back.
///
/// HTTPS in the product, values in tests.
package protocol ServerConnection: Sendable {
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: Begins with a slash.
    ///   - body: JSON, or empty.
    /// - Returns: The answer, whatever its status.
    /// - Throws: A failure whose remedy is to wait where another try may reach the server.
    func send(method: String, path: String, body: [UInt8]) async throws(Failure) -> (status: Int, body: [UInt8])
}

extension ServerConnection {
    package func report(_ report: Report) async throws(Failure) -> Directive {
        let body: [UInt8]
        do { body = Array(try JSONEncoder().encode(report)) } catch {
            throw Failure(.nameInvalid, "the report cannot be written as JSON: \(error)")
        }
        let directive: Directive = try read(try await answer("POST", Wire.reportsPath, body), as: "directive")
        if let job = directive.job { try checkJob(job) }
        return directive
    }

    package func progress(of job: String) async throws(Failure) -> JobProgress {
        let progress: JobProgress = try read(try await answer("GET", Wire.jobPath(job), []), as: "job")
        guard progress.job == job else {
            throw unreadable("the server was asked about job \(job) and answered about another")
        }
        return progress
    }

    /// Asks whether the token is good.
    package func checkToken() async throws(Failure) { _ = try await answer("GET", Wire.tokenPath, []) }

    /// Asks whether the machine may have that name.
    package func expect(_ expectation: Expectation) async throws(Failure) {
        let body: [UInt8]
        do { body = Array(try JSONEncoder().encode(expectation)) } catch {
            throw Failure(.nameInvalid, "the name cannot be written as JSON: \(error)")
        }
        _ = try await answer("POST", Wire.expectationsPath, body)
    }

    /// Tells what was found on the machine's disks.
    package func tell(_ inspection: Inspection) async throws(Failure) {
        let body: [UInt8]
        do { body = Array(try JSONEncoder().encode(inspection)) } catch {
            throw Failure(.serverAnswerUnreadable, "the inspection cannot be written as JSON: \(error)")
        }
        _ = try await answer("POST", Wire.inspectionsPath, body)
    }

    /// Asks for a certificate of the machine's own.
    package func order(_ order: CertificateOrder) async throws(Failure) -> IssuedCertificate {
        let body: [UInt8]
        do { body = Array(try JSONEncoder().encode(order)) } catch {
            throw Failure(.serverAnswerUnreadable, "the order cannot be written as JSON: \(error)")
        }
        return try read(try await answer("POST", Wire.certificatesPath, body), as: "certificate")
    }

    /// Tells the firmware's answer to a job's challenge.
    package func tell(_ proof: BoardProof, about job: String) async throws(Failure) {
        let body: [UInt8]
        do { body = Array(try JSONEncoder().encode(proof)) } catch {
            throw Failure(.serverAnswerUnreadable, "the board's proof cannot be written as JSON: \(error)")
        }
        _ = try await answer("POST", Wire.boardProofPath(job), body)
    }

    /// Posts nothing but the fact.
    package func announce(_ path: String) async throws(Failure) { _ = try await answer("POST", path, []) }

    /// The body of an answer that is a success.
    private func answer(_ method: String, _ path: String, _ body: [UInt8]) async throws(Failure) -> [UInt8] {
        let (status, body) = try await send(method: method, path: path, body: body)
        if (200..<300).contains(status) { return body }
        let problem = try? JSONDecoder().decode(Problem.self, from: Data(body))  // its absence is an answer too
        let said = problem.map { "\(printable($0.message)) [\(printable($0.code))]" } ?? "status \(status)"
        let hint = problem?.hint.map(printable)
        switch status {
        case 408, 429, 502, 503, 504:
            throw Failure(.serverUnreachable, "the server cannot answer now: \(said)", hint: hint, remedy: .wait)
        case 400..<500:
            throw Failure(.serverRefused, "the server refused: \(said)", hint: hint ?? Self.hint(for: status))
        case 500..<600:
            throw Failure(.serverFailed, "the server failed: \(said)", hint: hint ?? "See the server's log.")
        default:
            throw unreadable("the server answered with status \(status)")
        }
    }

    private static func hint(for status: Int) -> String {
        switch status {
        case 401: "The build token is unknown, used up or past its end: make a new enrolment file at the server."
        case 404: "Check the server's address in the enrolment file; the job may have been removed."
        default: "Ask the server's operator."
        }
    }

    private func read<Value: Decodable>(_ body: [UInt8], as what: String) throws(Failure) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(body)) } catch {
            // The body itself is not shown: it is foreign, and may repeat what it was sent.
            throw unreadable("the server's \(body.count) bytes are no \(what) that this version can read")
        }
    }

    /// The name becomes part of a path.
    private func checkJob(_ job: String) throws(Failure) {
        let allowed = job.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard allowed, (1...128).contains(job.utf8.count) else {
            throw unreadable("the server names a job that is no name: \(printable(job))")
        }
    }

    private func unreadable(_ message: String) -> Failure {
        Failure(
            .serverAnswerUnreadable, message,
            hint: "Check that the enrolment file names a Namesake server, and that its version fits this agent's.")
    }
}
