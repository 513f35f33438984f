import FoundationEssentials
import Vocabulary
import WSMan

/// Bytes as the firmware writes them in XML.
func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

/// A secret as the firmware takes it; the text is a secret too and goes straight into a request.
func base64(revealing secret: Secret) -> String { secret.reveal { base64($0) } }

/// Reads base64, white space between its characters allowed.
///
/// - Throws: ``WSManFault/unreadable(_:)``, which names what was read and not its value.
func bytes(base64 text: String?, _ what: String) throws(WSManFault) -> [UInt8] {
    guard let text, let data = Data(base64Encoded: String(text.filter { !$0.isWhitespace })), !data.isEmpty else {
        throw .unreadable("\(what) is missing or no base64")
    }
    return [UInt8](data)
}
