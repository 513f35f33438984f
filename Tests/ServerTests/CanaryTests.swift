import Certificates
import Fleet
import Foundation
import Provisioning
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("Secrets", .serialized)
struct CanaryTests {
    @Test("appear in no output, no log, no database file and no recovery export")
    func canaries() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let machine = try #require(MachineID(Site.machine))
            let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            let key = try Data(contentsOf: URL(filePath: "\(folder)/server/master.key"))
            let vault = Vault(key: try SealingKey(Secret(Array(key))), store: store)
            var canaries = [
                try await vault.secret(.adminPassword, of: machine).revealedText,
                try await vault.secret(.account("nsk-1"), of: machine).revealedText,
            ]
            #expect(canaries.allSatisfy { $0.count == 32 })
            struct Enrolled: Decodable { var token: String }
            let enrolment = try Data(contentsOf: URL(filePath: "\(folder)/enrolment"))
            canaries.append(try JSONDecoder().decode(Enrolled.self, from: enrolment).token)
            canaries.append(String(decoding: key, as: UTF8.self))

            // Everything that may go wrong is made to print: a failed job, a restart, each list and page.
            try await site.control(#"{"do":"fault","kind":"html","request":2}"#)
            let failed = try await site.sync(name: "ws-1.corp.example.test")
            try await site.crashServer()
            let synced = try await site.sync(name: "ws-1.corp.example.test")
            var printed = [failed.output, synced.output]
            for words in [["devices", "list"], ["jobs", "list"]] {
                printed.append(try await site.console(words[0], words[1]).output)
                printed.append(try await site.console(words[0], words[1], "--json").output)
            }
            printed.append(try await site.console("devices", "show", Site.machine, "--json").output)
            for job in 1...3 { printed.append(try await site.console("jobs", "show", "\(job)", "--json").output) }
            printed.append(try String(contentsOfFile: "\(folder)/requests", encoding: .utf8))
            await site.stop()
            printed += [site.earlier, site.server.printed, site.simulator.printed]
            for canary in canaries { #expect(!printed.contains { $0.contains(canary) }) }
            let exports = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/server/recovery")
            #expect(exports.count == 1)
            for file in ["store.sqlite", "store.sqlite-wal"] + exports.map({ "recovery/\($0)" }) {
                let bytes = (try? Data(contentsOf: URL(filePath: "\(folder)/server/\(file)"))) ?? Data()
                for canary in canaries { #expect(bytes.range(of: Data(canary.utf8)) == nil, "in \(file)") }
            }
            // The control: a name that is no secret is found where a secret would have been.
            #expect(printed.contains { $0.contains("ws-1.corp.example.test") })
        }
    }
}
