import ArgumentParser
import Certificates
import Fleet
import Foundation
import StorageSQLite
import Vocabulary
import Wire

/// `tokens`: who may speak to this server, for how long, for which machines.
struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Makes, shows and revokes build tokens.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes an enrolment file with a build token of limited use.",
            discussion: "A machine counts as one use, however often its agent asks.")
        @OptionGroup var folder: FolderOption
        @Option(help: "The file to write, mode 0600. It holds a secret.") var output: String
        @Option(help: "For how many machines it may speak; any number when left out.") var uses: Int?
        @Option(help: "When it ends: a time like 2026-12-24T18:00:00Z, or hours or days from now like 8h or 3d.")
        var until = "24h"
        @Option(help: "A machine that it may speak for; may be repeated. Any, when left out.") var uuid: [String] = []
        @Option(help: "What the token is for, for the operator's list.") var note = ""

        func run() async throws {
            let now = Date().timeIntervalSince1970
            guard let ends = Self.time(until, now: now), ends > now else {
                throw ValidationError("--until '\(until)' is no time to come; write 8h, 3d or 2026-12-24T18:00:00Z")
            }
            if let uses, uses < 1 { throw ValidationError("--uses \(uses): a token is for one machine at least") }
            let scope = try uuid.map { text in
                guard let machine = MachineID(text), !machine.isBogus else {
                    throw ValidationError("--uuid '\(text)' is no UUID of one machine")
                }
                return machine
            }
            let token = try await issueToken(
                folder.value, to: output, note: note, ends: ends, uses: uses, scope: scope.isEmpty ? nil : scope)
            print("token \(token.id), until \(timeText(token.ends)): put \(output) on the machine")
            print("as /etc/namesake/enrolment.json; `namesake-server tokens revoke \(token.id)` ends it before")
        }

        /// Seconds since 1970; `nil` when the text is no time.
        static func time(_ text: String, now: Double) -> Double? {
            let units: [Character: Double] = ["h": 3600, "d": 86_400]
            if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count.isFinite {
                return now + count * unit
            }
            return try? Date(text, strategy: .iso8601).timeIntervalSince1970
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A line for each token; never its text.")
        @OptionGroup var folder: FolderOption
        @Flag(help: "The tokens as JSON.") var json = false

        func run() async throws {
            let tokens = try await folder.value.existingStore().tokens()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                return print(String(decoding: try encoder.encode(tokens), as: UTF8.self))
            }
            let now = Date().timeIntervalSince1970
            let rows = tokens.map { token -> [String] in
                let state =
                    token.revoked.map { "revoked \(timeText($0))" } ?? (token.ends <= now ? "ended" : "good")
                return [
                    token.id, state, timeText(token.ends),
                    "\(token.machines.count) of \(token.uses.map(String.init) ?? "any")",
                    token.scope.map { $0.map(\.text).joined(separator: ",") } ?? "any", token.note,
                ]
            }
            print(table([["TOKEN", "STATE", "ENDS", "MACHINES", "FOR", "NOTE"]] + rows))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a token now; jobs that it began go on.")
        @OptionGroup var folder: FolderOption
        @Argument(help: "The token's identifier, from `tokens list`.") var token: String

        func run() async throws {
            let store = try folder.value.existingStore()
            guard let revoked = try await store.revoke(token: token, now: Date().timeIntervalSince1970) else {
                throw Failure(
                    .machineUnknown, "there is no token '\(token.prefix(40))'", hint: "Take one from `tokens list`.")
            }
            print("token \(revoked.id) revoked \(timeText(revoked.revoked))")
        }
    }
}

/// Makes a token and writes the enrolment file that holds it; the store knows its hash only.
func issueToken(
    _ folder: ServerFolder, to output: String, note: String, ends: Double, uses: Int? = nil, scope: [MachineID]? = nil
) async throws -> BuildToken {
    let configuration = try ServerConfiguration.load(from: folder)
    let store = try SQLiteStore(path: folder.store)
    let secret = Secret(try randomBytes(32).hexadecimal)
    let hash = secret.reveal { Digest.sha256($0) }
    let token = BuildToken(
        hash: hash, note: note, created: Date().timeIntervalSince1970, ends: ends, uses: uses, scope: scope)
    let enrolment = Enrolment(
        server: "https://\(configuration.api)", serverCA: try folder.text(folder.authorityCertificate),
        token: secret.revealedText)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = Array(try encoder.encode(enrolment)) + [0x0A]
    // First, so that a file that cannot be written leaves no token behind.
    try folder.create(output, text)
    try await store.add(token, hash: hash)
    return token
}
