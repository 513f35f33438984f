import FoundationEssentials
package import Vocabulary
package import Wire

/// Reads the file that ties this machine to its server.
///
/// - Throws: ``Failure/Code/enrolmentUnreadable`` when it is missing, open to others, or says nothing usable. The message
///   never holds what is in it.
package func readEnrolment(_ path: String) throws(Failure) -> Enrolment {
    let bytes: [UInt8]
    do throws(FileRefusal) {
        bytes = try readTrustedFile(
            path, forbidden: 0o077,
            because: "It holds a token, so if others may have read it, make a new one at the server")
    } catch {
        throw refused(
            error.message,
            error.isMissing
                ? "Make it at the server (namesake-server enrol) and bring it here with namesake-agent enroll FILE."
                : error.hint)
    }
    return try parseEnrolment(bytes, path: path)
}

/// Reads an enrolment that did not come from its usual place.
///
/// - Throws: ``Failure/Code/enrolmentUnreadable``.
package func parseEnrolment(_ bytes: [UInt8], path: String) throws(Failure) -> Enrolment {
    let again = "Make a new one at the server: namesake-server enrol."
    let enrolment: Enrolment
    do { enrolment = try JSONDecoder().decode(Enrolment.self, from: Data(bytes)) } catch {
        throw refused("\(path) is no enrolment file", again)
    }
    guard enrolment.wireVersion == Wire.version else {
        throw refused(
            "\(path) is of version \(enrolment.wireVersion), this agent knows \(Wire.version)",
            "Update the agent, or make a new file at the server.")
    }
    let address = enrolment.server.dropFirst(8)
    guard enrolment.server.hasPrefix("https://"), !address.isEmpty,
        address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#@\\".utf8.contains($0) })
    else { throw refused("\(path) names no server of the form https://host:port", again) }
    guard enrolment.serverCA.contains("-----BEGIN CERTIFICATE-----") else {
        throw refused("\(path) has no certificate of the server's authority", again)
    }
    guard !enrolment.token.isEmpty, enrolment.token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw refused("\(path) has no usable token", again)
    }
    return enrolment
}

private func refused(_ message: String, _ hint: String) -> Failure {
    Failure(.enrolmentUnreadable, message, hint: hint)
}
