/// What the server wants signed by the firmware of the machine that makes a claim (AMTAuthenticate, AMT 15 and later).
///
/// The signature proves the board; that the claim is that board's is proved by the ``HostNameEcho``.
package struct BoardChallenge: Hashable, Codable, Sendable {
    /// 20 bytes in base64, for this job and machine alone; good for one answer.
    package var nonce: String
    /// Whether an answer has come: the agent then asks the firmware for nothing.
    package var answered: Bool

    package init(nonce: String, answered: Bool) {
        self.nonce = nonce
        self.answered = answered
    }
}

/// The firmware's answer to a ``BoardChallenge``, or why there is none.
package struct BoardProof: Hashable, Codable, Sendable {
    package var wireVersion: Int
    /// What the firmware said and signed.
    package var statement: Statement?
    /// Why there is no statement, in one line.
    package var problem: String?

    /// As `AMT_GeneralSettings.AMTAuthenticate` answers; bytes are in base64.
    package struct Statement: Hashable, Codable, Sendable {
        package var nonce: String
        package var uuid: String
        package var fqdn: String
        package var firmwareVersion: String
        package var securityVersion: UInt32
        package var mechanism: UInt32
        package var signature: String
        /// The leaf first.
        package var certificates: [String]

        package init(
            nonce: String, uuid: String, fqdn: String, firmwareVersion: String, securityVersion: UInt32,
            mechanism: UInt32, signature: String, certificates: [String]
        ) {
            self.nonce = nonce
            self.uuid = uuid
            self.fqdn = fqdn
            self.firmwareVersion = firmwareVersion
            self.securityVersion = securityVersion
            self.mechanism = mechanism
            self.signature = signature
            self.certificates = certificates
        }
    }

    package init(_ statement: Statement) {
        wireVersion = Wire.version
        self.statement = statement
    }

    package init(problem: String) {
        wireVersion = Wire.version
        self.problem = problem
    }
}
