import AgentCore
import DiskInspection
import FoundationEssentials
import Vocabulary

extension Inspection {
    /// The leave to write, as JSON.
    ///
    /// - Parameter evidence: The JSON of this inspection, as it is in the file of evidence.
    /// - Returns: JSON, without a line end.
    /// - Throws: A ``Failure`` instead of a token that says less.
    func token(evidence: String) throws(Failure) -> String {
        let digest = sha256(Array(evidence.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let token = WriteToken(
            made: secondsSinceStart(), bootID: readBootID(),
            disks: disks.map { WriteToken.Identity($0.device, size: $0.report.size, mark: $0.mark) },
            coversMachine: coversMachine,
            evidence: digest, overridden: disks.filter(isOverridden).compactMap(\.device.serial))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do { return String(decoding: try encoder.encode(token), as: UTF8.self) } catch {
            throw Failure(.recordingUnwritable, "the token cannot be written as JSON: \(error)")
        }
    }
}

extension WriteToken {
    init?(json: [UInt8]) {
        guard let token = try? JSONDecoder().decode(WriteToken.self, from: Data(json)) else { return nil }
        self = token
    }
}
