import Crypto
import Foundation

extension SimulatedFirmware {
    /// Lets it begin as a machine that somebody set up long ago: admin control mode, a name, TLS off.
    ///
    /// A machine that a state folder gave back as set up stays as it is.
    /// Of the password, which is admin's, only the hash is kept.
    mutating func beginProvisioned(password: String, hostName: String) {
        guard provisioningState != .post else { return }
        accounts.setAdmin(password, realm: digestRealm)
        names.hostName = hostName
        names.domainName = dnsSuffix
        provisioningState = .post
        controlMode = 2
        setUpEnds = nil
        hasClock = true
        host.mebxPassword = Array(SHA256.hash(data: Data(password.utf8)))
    }

    /// Lets it begin in set-up with a password that somebody gave its MEBx by hand, which is admin's then.
    ///
    /// Source: network reference 3.2, point 4.
    package mutating func beginWithMEBxPassword(_ password: String) {
        guard provisioningState == .in, host.mebxPassword == nil else { return }
        accounts.setAdmin(password, realm: digestRealm)
        host.mebxPassword = Array(SHA256.hash(data: Data(password.utf8)))
    }
}
