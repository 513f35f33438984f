/// What agent and server say to each other: JSON over HTTPS, the keys as spelled in these types.
///
/// A field may be added as an optional; none is renamed, reused or removed.
package enum Wire {
    /// Sent with every report; a server refuses a version that it does not know.
    package static let version = 1

    /// `POST`: a ``Report``; answered with a ``Directive``.
    package static let reportsPath = "/v1/reports"
    /// `GET`: 204 where the build token is good.
    package static let tokenPath = "/v1/token"
    /// `POST`: an ``Expectation``; 204 where the machine may have that name.
    package static let expectationsPath = "/v1/expectations"
    /// `POST`: an ``Inspection``; 204 where the machine has a record.
    package static let inspectionsPath = "/v1/inspections"
    /// `POST`: a ``CertificateOrder``; answered with an ``IssuedCertificate``.
    package static let certificatesPath = "/v1/certificates"
    /// `GET`: a ``JobProgress``.
    package static func jobPath(_ job: String) -> String { "/v1/jobs/\(job)" }
    /// `POST`, empty: the agent has written the echo's name into the firmware.
    package static func echoWrittenPath(_ job: String) -> String { "/v1/jobs/\(job)/echo-written" }
    /// `POST`, empty: the agent has written the true name back.
    package static func echoRestoredPath(_ job: String) -> String { "/v1/jobs/\(job)/echo-restored" }

    /// `POST`: a ``BoardProof``; 204 for the first answer to the job's challenge, and for the same one again.
    package static func boardProofPath(_ job: String) -> String { "/v1/jobs/\(job)/board-proof" }

    /// `Authorization: Bearer <build token>` goes with every request; once a job has proved the machine, a client
    /// certificate too, which stands for that machine when the token has ended.
    package static let authorizationScheme = "Bearer"
}
