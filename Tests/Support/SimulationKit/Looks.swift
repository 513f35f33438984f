import Crypto
import Foundation

/// What firmware keeps of an admin password: MD5 of `admin:realm:password`.
func adminHash(_ password: some Sequence<UInt8>, realm: String) -> [UInt8] {
    Array(Insecure.MD5.hash(data: Data("admin:\(realm):".utf8) + Data(password)))
}
