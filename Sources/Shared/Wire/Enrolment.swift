/// The file that ties an agent to its server: made by `namesake-server enrol`, put on the machine with mode 0600.
package struct Enrolment: Codable, Sendable {
    package var wireVersion: Int
    /// `https://host:port`, without a path.
    package var server: String
    /// The one authority that may vouch for the server, PEM.
    ///
    /// No other is trusted.
    package var serverCA: String
    /// The build token.
    ///
    /// A secret: never printed, never in argv.
    package var token: String

    package init(server: String, serverCA: String, token: String) {
        wireVersion = Wire.version
        self.server = server
        self.serverCA = serverCA
        self.token = token
    }
}
