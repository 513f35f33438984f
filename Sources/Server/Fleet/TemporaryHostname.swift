package import Vocabulary

/// The name of a machine that nobody has named yet, made from its UUID.
///
/// `ns-` and twelve characters of Crockford's base 32: a valid DNS label of 15 characters, the longest that NetBIOS
/// takes. The same UUID gives the same name. `attempt` counts collisions, so that the next try differs; with 60 bits
/// the first is not expected below a billion machines.
package func temporaryHostname(for machine: MachineID, attempt: Int = 0) -> String {
    // FNV-1a, 64 bits: stable and even; nothing rests on its being hard to invert.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in machine.bytes + Array("\(attempt)".utf8) {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
    return "ns-" + String((0..<12).map { alphabet[Int(hash >> UInt64(5 * $0) & 31)] })
}
