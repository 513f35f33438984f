import Foundation
import TestKit
import Testing

/// From staged to managed, and who is told.
@Suite(
    "Collections and webhooks", .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "there is no /usr/bin/python3"))
struct CollectionTests {
    /// Lets the server tell one receiver, and starts it anew.
    static func tell(_ site: Site, _ more: [String: Any] = [:]) async throws -> (address: String, secret: String) {
        let address = "\(site.net).253"
        try site.configure(
            "webhooks",
            [["name": "imaging", "url": "http://\(address):8080/changed", "timeoutSeconds": 1].merging(more) { $1 }])
        try await site.crashServer()
        return (address, "\(site.folder)/server/webhook-imaging.key")
    }

    static func inspected(_ site: Site, _ verdict: String, machine: String = Site.machine) async throws -> String {
        _ = try await ClaimTests.post(site, site.folder, "x.elsewhere.test")  // writes the token for curl
        let server = site.serverAddress
        let body = #"{"wireVersion":1,"machine":"\#(machine)","verdict":"\#(verdict)"}"#
        return try await ClaimTests.curl(site.folder, ["-d", body, "https://\(server):8443/v1/inspections"])
    }

    static func collection(_ site: Site) async throws -> String {
        for name in ["staged", "ready-to-build", "building", "managed", "held"] {
            let shown = try await site.console("collections", "show", name)
            if shown.output.contains(Site.machine) { return name }
        }
        return "none"
    }

    @Test("a proved blank machine is told to the imaging system, booted from the network, built and managed")
    func wholeWay() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("actions", ["ready to build": "boot-pxe"])
            let (address, secret) = try await Self.tell(site)
            let receiver = try await Receiver(at: address, secret: secret, in: folder)
            #expect(try await Self.collection(site) == "staged", "provisioned, and nobody has looked at its disks")
            #expect(try await Self.inspected(site, "blank").hasSuffix("204"))
            try await receiver.awaitLine(#""to": "ready to build""#)
            try await receiver.awaitLine(#""to": "building""#)
            let booted = try await site.control(#"{"do":"state"}"#)
            #expect(booted["bootedFrom"] as? String == "Intel(r) AMT: Force PXE Boot")
            #expect((booted["users"] as? [Any])?.count == 1, "the account of provisioning is still there")
            #expect(try await site.end(of: "2").contains(#""state":"done""#))
            #expect(try await site.sync(name: "ws-1.corp.example.test").status == 0)
            try await receiver.awaitLine(#""to": "managed""#)
            let taken = receiver.taken
            #expect(taken.map(\.to) == ["ready to build", "building", "managed"])
            #expect(taken.allSatisfy { $0.signed }, "\(taken)")
            #expect(taken.map(\.sequence) == taken.map(\.sequence).sorted())
            let list = try await site.console("collections", "list").output
            #expect(list.contains("managed") && list.contains("a person must decide"), "\(list)")
            // By hand, a managed machine boots once more, and no account is left.
            #expect(try await site.console("devices", "boot-pxe", Site.machine).status == 0)
            #expect(try await site.end(of: "4").contains(#""state":"done""#))
            #expect((try await site.control(#"{"do":"state"}"#)["users"] as? [Any])?.isEmpty == true)
            await receiver.stop()
            await site.stop()
        }
    }

    @Test("a machine with something on its disks is held, whatever it was before; one nobody knows is refused")
    func notBlank() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            try site.configure("actions", ["ready to build": "boot-pxe"])
            try await site.crashServer()
            for verdict in ["prior", "unknown", "factory"] {
                #expect(try await Self.inspected(site, verdict).hasSuffix("204"))
                #expect(try await Self.collection(site) == "held", "\(verdict)")
            }
            #expect(try await Self.inspected(site, "shiny").hasSuffix("500"), "an unknown word is not a blank disk")
            #expect(try await Self.collection(site) == "held")
            let other = "00112233-4455-6677-8899-aabbccddeeff"
            #expect(try await Self.inspected(site, "blank", machine: other).hasSuffix("404"))
            let state = try await site.control(#"{"do":"state"}"#)
            #expect(state["bootedFrom"] as? String == "", "nothing was booted")
            await site.stop()
        }
    }

    @Test("a receiver that is down, slow, redirects or fails gets everything in the end, in order, and is not followed")
    func badReceiver() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let (address, secret) = try await Self.tell(site)
            // Nobody listens.
            #expect(try await Self.inspected(site, "blank").hasSuffix("204"))
            #expect(try await Self.inspected(site, "prior").hasSuffix("204"))
            try await site.server.awaitLine("webhook not taken")
            let down = try await site.console("webhooks", "list").output
            #expect(down.lowercased().contains("connect"), "\(down)")

            let receiver = try await Receiver(at: address, secret: secret, in: folder, mode: "redirect")
            try await receiver.awaitLine("302")
            while try await !site.console("webhooks", "list").output.contains("not followed") {}
            try receiver.become("slow")
            try await receiver.awaitLine("204")
            try receiver.become("500")
            try await receiver.awaitLine("500")
            try receiver.become("ok")
            try await receiver.awaitLine(#""to": "held""#)
            let taken = receiver.taken
            #expect(taken.allSatisfy { $0.signed && $0.path == "/changed" }, "\(taken)")
            #expect(Set(taken.dropLast().map(\.sequence)).count == 1, "the second waits for the first: \(taken)")
            #expect(taken.last?.sequence == taken.first.map { $0.sequence + 1 })

            // Told again from the first, by hand.
            let first = try #require(taken.first?.sequence)
            #expect(try await site.console("webhooks", "replay", "imaging", "--from", "\(first)").status == 0)
            try await receiver.awaitLine(#""to": "ready to build""#)
            try await receiver.awaitLine(#""to": "held""#)
            #expect(receiver.taken.suffix(2).map(\.sequence) == [first, first + 1])
            #expect(try await site.console("webhooks", "replay", "nobody", "--from", "1").status == 65)
            #expect(try await site.console("webhooks", "changes").output.contains("ready to build"))
            await receiver.stop()
            await site.stop()
        }
    }

    @Test("a change that was not told when the server died is told by the next one; other collections are not told")
    func crash() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder)
            let (address, secret) = try await Self.tell(site, ["collections": ["held"]])
            #expect(try await Self.inspected(site, "blank").hasSuffix("204"))
            #expect(try await Self.inspected(site, "prior").hasSuffix("204"))
            try await site.server.awaitLine("webhook not taken")
            try await site.crashServer()
            let receiver = try await Receiver(at: address, secret: secret, in: folder)
            try await receiver.awaitLine(#""to": "held""#)
            #expect(receiver.taken.map(\.to) == ["held"])
            await receiver.stop()
            await site.stop()
            try site.configure("webhooks", [["name": "imaging", "url": "ftp://x"]])
            let refused = try await run("namesake-server", ["serve", "--folder", "\(folder)/server"])
            #expect(refused.status == 78 && refused.output.contains("http(s)"), "\(refused.output)")
        }
    }

    @Test(
        "a boot from the network is asked for in either order that is documented, and a machine that is off is powered")
    func orders() async throws {
        for (order, due) in [
            ("settings-first", ["ChangeBootOrder", "SetBootConfigRole", "ChangeBootOrder"]),
            ("choice-first", ["ChangeBootOrder", "SetBootConfigRole"]),
        ] {
            try await withTemporaryFolder { folder in
                let site = try await Site(in: folder)
                try site.configure("bootOrder", order)
                try await site.crashServer()
                let before = try site.requests().count
                #expect(try await site.console("devices", "boot-pxe", Site.machine).status == 0)
                #expect(try await site.end(of: "2").contains(#""state":"done""#))
                let state = try await site.control(#"{"do":"state"}"#)
                #expect(state["bootedFrom"] as? String == "Intel(r) AMT: Force PXE Boot")
                let actions = try site.requests().dropFirst(before).compactMap { $0["action"] as? String }
                #expect(actions.filter { $0.contains("Boot") } == due, "\(actions)")
                #expect(actions.last == "RequestPowerStateChange")
                await site.stop()
            }
        }
    }
}
