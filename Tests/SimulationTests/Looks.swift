import Certificates
import Crypto
import Foundation

/// What firmware keeps of an admin password: MD5 of `admin:realm:password`.
func adminHash(_ password: some Sequence<UInt8>, realm: String) -> [UInt8] {
    Array(Insecure.MD5.hash(data: Data("admin:\(realm):".utf8) + Data(password)))
}

func pin(_ der: [UInt8]) throws -> String { try Certificate(der: der).publicKey.pin.map { hex($0) }.joined() }
func names(_ der: [UInt8]) throws -> [String] { try Certificate(der: der).dnsNames }

private func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
}
