import Foundation
import StorageSQLite
import TestKit
import Testing

@Suite("The console", .serialized)
struct ConsoleTests {
    @Test("takes each argument for one word, whatever is in it")
    func words() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            for name in ["bad name.corp.example.test", "a/b", "a?b", "a#b", "a%2Fb", "..", "ä b", "a\nb"] {
                let refused = try await site.console("devices", "rename", Site.machine, name)
                #expect(refused.status == 65 && refused.output.contains("name"), "\(name): \(refused.output)")
                #expect(!refused.output.contains("server.not-running"), "\(name): \(refused.output)")
            }
            // Not the verb `retry` of that machine.
            let other = try await site.console("devices", "show", Site.machine + "/renew")
            #expect(other.status != 0 && other.output.contains("is no UUID"), "\(other.output)")
            let none = try await site.console("jobs", "show", "")
            #expect(none.status == 64 && none.output.contains("empty"), "\(none.output)")
            #expect(
                try await site.console("jobs", "list").output.split(separator: "\n").count == 2, "nothing was begun")
            await site.stop()
        }
    }

    @Test("writes a file whose name has no folder, and says what it did")
    func bareName() async throws {
        try await withTemporaryFolder { folder in
            let made = try await run(
                "namesake-server",
                ["init", "--folder", "\(folder)/server", "--domain", Site.domain, "--address", "127.0.0.1"])
            #expect(made.status == 0, "\(made.output)")
            _ = try SQLiteStore(path: "\(folder)/server/store.sqlite")
            let program = product("namesake-server")
            let words = [
                "cd \(folder)/server", "\(program) authority crl --output list.der --folder .",
                "\(program) keys rotate --key-file master.key --folder .",
            ]
            let written = try await run("/bin/sh", ["-c", words.joined(separator: " && ")])
            #expect(written.status == 0, "\(written.output)")
            #expect(written.output.contains("is the current one"), "\(written.output)")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/server/list.der"))
        }
    }

    @Test("a configuration with which a server would do nothing, or never rest, is refused with its bounds")
    func bounds() async throws {
        try await withTemporaryFolder { folder in
            let server = "\(folder)/server"
            let made = try await run(
                "namesake-server", ["init", "--folder", server, "--domain", Site.domain, "--address", "127.0.0.1"])
            #expect(made.status == 0, "\(made.output)")
            let file = URL(filePath: "\(server)/configuration.json")
            let whole = try Data(contentsOf: file)
            for (name, value) in [
                ("jobsAtOnce", 0), ("jobsAtOnce", -5), ("firmwarePort", 99_999), ("answerSeconds", 0),
                ("leaseSeconds", -1), ("upkeepEverySeconds", 0), ("domains", [String]()),
            ] as [(String, Any)] {
                var object = try #require(try JSONSerialization.jsonObject(with: whole) as? [String: Any])
                object[name] = value
                try JSONSerialization.data(withJSONObject: object).write(to: file)
                let refused = try await run("namesake-server", ["serve", "--folder", server])
                #expect(refused.status == 78 && refused.output.contains("\(name) is "), "\(refused.output)")
            }
        }
    }
}
