import ArgumentParser
import Certificates
import Foundation
import Provisioning
import StorageSQLite
import Vocabulary

/// `doctor`: what the flow needs, each line with its remedy.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks what provisioning needs, and says what to do about what is missing.")

    @OptionGroup var folder: FolderOption

    func run() async throws {
        let folder = folder.value
        let now = Date().timeIntervalSince1970
        var failures = 0
        func line(_ what: String, _ check: () async throws -> String) async {
            do { print("ok    \(what): \(try await check())") } catch {
                failures += 1
                print("FAIL  \(what): \((error as? Failure).map(\.message) ?? "\(error)")")
                if let hint = (error as? Failure)?.hint { print("      \(hint)") }
            }
        }
        let configuration = try ServerConfiguration.load(from: folder)
        await line("folder") {
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions] as? Int ?? 0
            guard mode & 0o077 == 0 else {
                throw Failure(
                    .configurationInvalid, "others may enter \(folder.path)", hint: "chmod 700 \(folder.path)")
            }
            return "\(folder.path), mode \(String(mode, radix: 8))"
        }
        await line("master key") { try MasterKeyFile(folder).read().current.identifier.hexadecimal }
        await line("store") {
            let store = try SQLiteStore(path: folder.store)
            return "\(try await store.devices().count) devices, \(try await store.jobs().count) jobs"
        }
        await line("authority") {
            let root = try Certificate.all(pem: try folder.text(folder.authorityCertificate))[0]
            _ = try folder.authority(configuration.leafProfile)
            return "\(root.subjectCommonName), until \(timeText(Double(root.notAfter)))"
        }
        await line("on-die roots") {
            guard let boards = try configuration.boards(in: folder) else { return "none: no board is asked to sign" }
            return boards.anchors.roots.map {
                "\($0.subjectCommonName) \($0.organizationalUnits.joined(separator: ", ")), until "
                    + timeText(Double($0.notAfter))
            }.joined(separator: "; ")
        }
        await line("provisioning chain") {
            let chain = try folder.chain()
            try chain.check(
                against: chain.roots.map(\.fingerprint.hexadecimal), domain: configuration.domain, now: now)
            return "\(chain.leaf.subjectCommonName), until \(timeText(Double(chain.leaf.notAfter))), "
                + chain.roots.map { "root SHA-256 \($0.fingerprint.hexadecimal)" }.joined(separator: ", ")
        }
        await line("provisionserver.\(configuration.domain)") {
            let found = addresses(of: "provisionserver.\(configuration.domain)")
            guard !found.isEmpty else {
                throw Failure(
                    .configurationInvalid, "the name does not resolve",
                    hint: "Add an A or CNAME record: firmware looks for its server by this name.")
            }
            return found.joined(separator: ", ")
        }
        await line("running server") {
            _ = try await Console(folder: folder).ask(["ping"])
            return "answers on \(folder.console); hellos \(configuration.hello), agents \(configuration.api)"
        }
        if failures > 0 { throw ExitCode(1) }
    }

    private func addresses(of name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var entry = list
        while let here = entry?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(here.ai_addr, here.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            entry = here.ai_next
        }
        return found
    }
}
