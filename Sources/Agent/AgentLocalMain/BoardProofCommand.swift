import AMTOperations
import AgentCore
import AgentOptions
import ArgumentParser
import FoundationEssentials
import Glibc
import LocalManagement
import Vocabulary
import WSMan
import Wire

/// `board-proof`: has the firmware sign the server's nonce and prints one JSON object, whatever comes of it; for `sync`.
struct BoardProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board-proof",
        abstract: "Have the firmware sign a nonce: base64 in one line on standard input.",
        discussion: "Prints what `sync` sends. Exit status: 0 signed, 13 not, and the object says why.",
        shouldDisplay: false)
    @OptionGroup var looking: LookingOptions
    @OptionGroup var reaching: ReachingOptions

    func run() async throws {
        let proof = await prove(readNonce())
        print(String(decoding: try JSONEncoder().encode(proof), as: UTF8.self))
        throw ExitCode((proof.statement == nil ? ExitStatus.unreadable : .match).rawValue)
    }

    private func prove(_ nonce: [UInt8]?) async -> BoardProof {
        guard let nonce else { return BoardProof(problem: "the server's nonce is not 20 bytes in base64") }
        do throws(Failure) { return BoardProof(try await sign(nonce)) } catch {
            return BoardProof(problem: error.message)
        }
    }

    private func sign(_ nonce: [UInt8]) async throws(Failure) -> BoardProof.Statement {
        let settings = try looking.settings()
        let firmware = try ReachedFirmware(settings, looking)
        let transport = LocalTransport(
            firmware.account, device: firmware.address, patience: looking.patience, lms: reaching.lms,
            trust: try reaching.trust(settings, firmwareName: firmware.name))
        let answer: AMT.GeneralSettings.Authentication
        do throws(WSManFault) {
            answer = try await WSManSession(over: transport).perform(AMT.GeneralSettings.Authenticate(nonce: nonce))
        } catch { throw Failure(local: error) }
        func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        return BoardProof.Statement(
            nonce: text(answer.nonce), uuid: answer.uuid, fqdn: answer.fqdn, firmwareVersion: answer.firmwareVersion,
            securityVersion: answer.securityVersion, mechanism: answer.mechanism, signature: text(answer.signature),
            certificates: answer.certificates.map(text))
    }

    /// One line of standard input.
    private func readNonce() -> [UInt8]? {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 128)
        while line.count < 256, !line.contains(10) {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            line += buffer.prefix(count)
        }
        let text = String(decoding: line.prefix { $0 != 10 }, as: UTF8.self)
        guard let data = Data(base64Encoded: text), data.count == AMT.GeneralSettings.Authenticate.nonceLength else {
            return nil
        }
        return Array(data)
    }
}
