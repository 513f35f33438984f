package import AMTOperations
import Certificates
package import FirmwareHTTP
package import Vocabulary
import WSMan

/// What firmware keeps in place of a password: MD5 of `user:realm:password`, 16 bytes.
///
/// Source: network reference 4, with worked vectors in 10.3.
package func digestA1(_ credential: DigestCredential, realm: String) throws(Failure) -> DigestA1 {
    let hash = credential.password.reveal { Digest.md5(Array("\(credential.user):\(realm):".utf8) + $0) }
    do { return try DigestA1(Secret(hash)) } catch { throw Failure(error) }
}
