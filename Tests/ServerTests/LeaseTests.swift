import Foundation
import TestKit
import Testing

/// Two servers on one store: a folder of its own each, and one database.
@Suite("Two servers on one store", .serialized)
struct LeaseTests {
    /// A second server: the first one's keys, another address, the same database.
    static func second(_ site: Site, _ folder: String) async throws -> Program {
        let (first, other) = ("\(folder)/server", "\(folder)/other")
        let copied = try await run(
            "/bin/sh",
            [
                "-c",
                "mkdir -m 700 \(other) && cd \(first) && cp *.pem *.key configuration.json \(other) && "
                    + "ln -s \(first)/store.sqlite \(other)/store.sqlite",
            ])
        guard copied.status == 0 else { throw Unexpected(copied.output) }
        let path = "\(other)/configuration.json"
        var object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any] ?? [:]
        object["hello"] = "\(site.net).4:9971"
        object["api"] = "\(site.net).4:8443"
        try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: path))
        let server = try Program("namesake-server", ["serve", "--folder", other])
        try await server.awaitLine("listening for hellos")
        return server
    }

    @Test(
        "a job of a server that is stopped or killed is taken over when its lease has run out, and ended by one alone",
        arguments: [SIGSTOP, SIGKILL])
    func takenOver(signal: Int32) async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.crashServer { try site.configure("leaseSeconds", 2) }
            let other = try await Self.second(site, folder)
            try await site.control(#"{"do":"hold","phase":"before","method":"GenerateKeyPair"}"#)
            #expect(try await site.console("devices", "renew", Site.machine).status == 0)
            try await site.control(#"{"do":"awaitHeld"}"#)
            // Whichever of the two has claimed it: both are asked by their logs.
            let isFirst = site.server.printed.contains("job begins")
            let (loser, heir) = isFirst ? (site.server, other) : (other, site.server)
            loser.send(signal)
            try await site.control(#"{"do":"release","lost":false}"#)
            try await heir.awaitLine("job done")
            let whole = try await site.control(#"{"do":"state"}"#)
            #expect((whole["certificates"] as? [Any])?.count == 1 && (whole["keys"] as? [Any])?.count == 1, "\(whole)")
            let count = try site.requests().count
            if signal == SIGSTOP {
                loser.send(SIGCONT)
                try await loser.awaitLine("job lost to another server")
                #expect(try site.requests().count == count, "it spoke to the firmware once more")
            }
            let lines = try await run(
                "namesake-server",
                ["jobs", "show", "2", "--json", "--folder", "\(folder)/\(isFirst ? "other" : "server")"])
            #expect(lines.output.contains(#""state":"done""#), "\(lines.output)")
            await other.stop()
            await site.stop()
        }
    }

    @Test("two servers share many jobs, and none of a machine's is run by both at once")
    func shared() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try await site.crashServer { try site.configure("leaseSeconds", 2) }
            let other = try await Self.second(site, folder)
            for round in 1...4 {
                let synced = try await site.sync(name: "ws-\(round).corp.example.test")
                #expect(synced.status == 0, "\(synced.output)\n\(site.server.printed)\n\(other.printed)")
            }
            try await CrashTests.expectWhole(site, "ws-4.corp.example.test", "after jobs at two servers")
            await other.stop()
            await site.stop()
        }
    }
}
