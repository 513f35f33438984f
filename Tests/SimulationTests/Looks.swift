import Certificates

func pin(_ der: [UInt8]) throws -> String { try Certificate(der: der).publicKey.pin.map { hex($0) }.joined() }
func names(_ der: [UInt8]) throws -> [String] { try Certificate(der: der).dnsNames }

private func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
}
