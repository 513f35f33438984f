import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("The README of AMTSimulator tells everything, and what it tells is so")
struct HonestyTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func readMe() throws -> String { try text("Sources/Shared/AMTSimulator/README.md") }

    /// The cells of all table rows, headings left out.
    private static func rows() throws -> [[String]] {
        var rows: [[String]] = []
        for line in try readMe().split(separator: "\n") where line.hasPrefix("|") {
            if line.hasPrefix("|---") {
                rows.removeLast()
                continue
            }
            rows.append(
                line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map {
                    $0.trimmingCharacters(in: .whitespaces)
                })
        }
        return rows
    }

    /// `Suite.function` of every test in the folders that test the simulator.
    private static func tests() throws -> Set<String> {
        var names: Set<String> = []
        for folder in ["AMTSimulatorTests", "SimulatedMEITests"] {
            let path = root.appending(path: "Tests/\(folder)").path(percentEncoded: false)
            for file in try FileManager.default.contentsOfDirectory(atPath: path) where file.hasSuffix(".swift") {
                var suite = ""
                var isTest = false
                for line in try text("Tests/\(folder)/\(file)").split(separator: "\n") {
                    if let match = line.firstMatch(of: /^(?:final )?(?:struct|class|extension) (\w+)/) {
                        suite = String(match.output.1)
                    }
                    if line.contains("@Test") { isTest = true }
                    if isTest, let match = line.firstMatch(of: /^    func (\w+)\(/) {
                        names.insert("\(suite).\(match.output.1)")
                        isTest = false
                    }
                }
            }
        }
        return names
    }

    @Test("every row names a test, and every test that is named exists")
    func namedTests() throws {
        let known = try Self.tests()
        #expect(known.contains("HonestyTests.namedTests") && known.count > 50)
        for row in try Self.rows() {
            let named = (row.last ?? "").matches(of: /`(\w+\.\w+)`/).map { String($0.output.1) }
            let isUntried = row.dropFirst().first?.hasPrefix("not tried") == true
            #expect(named.isEmpty == isUntried, "\(row[0])")
            for name in named { #expect(known.contains(name), "\(row[0]) names \(name)") }
        }
    }

    @Test("every behaviour says what it rests on, and in which section")
    func basis() throws {
        let behaviours = try Self.rows().filter { $0.count == 4 }
        #expect(behaviours.count > 40)
        for row in behaviours {
            let isUnknown = row[1].hasPrefix("unknown (chosen so): ")
            #expect(isUnknown || ["captured", "documented", "inferred"].contains(row[1]), "\(row[0]): \(row[1])")
            #expect(row[2].wholeMatch(of: /[NH] [0-9.]+(, ([NH] )?[0-9.]+)*/) != nil, "\(row[0]): \(row[2])")
        }
    }

    @Test("every class, switch, option, fault and command of the control socket is told")
    func complete() throws {
        let readMe = try Self.readMe()
        let told = Set(readMe.matches(of: /[\w-]+/).map { String($0.output) })
        let switches = try Self.text("Sources/Shared/AMTSimulator/Personalities/Personality.swift")
            .split(separator: "struct Switches").dropFirst().joined().split(separator: "\n    }")[0]
        let names = switches.matches(of: /package var (\w+)/).map { String($0.output.1) }
        #expect(names.count >= 6)
        let commands = try ["ControlSocket", "NetworkFaults", "HostSideFaults"].flatMap { file in
            try Self.text("Sources/Shared/AMTSimulator/Shell/\(file).swift").matches(of: /case "(\w+)":/).map {
                String($0.output.1)
            }
        }
        #expect(commands.count >= 15)
        let command = try ["SimulatorCommand", "HostOptions"].map { file in
            try Self.text("Sources/Shared/AMTSimulatorMain/\(file).swift")
        }.joined()
        let options = command.matches(of: /@(?:Option|Flag)\([^@]*?\) *var\s+`?(\w+)`?/).map { match in
            "--" + match.output.1.replacing(/[A-Z]/) { "-" + $0.output.lowercased() }
        }
        #expect(options.count >= 35, "\(options)")
        let wanted = firmwareClasses.map { $0.name } + names + commands + FirmwareHost.mishaps + options
        #expect(wanted.filter { !told.contains($0) } == [])
    }

    @Test("a machine that is put into client control mode says so")
    func clientMode() async throws {
        try await withBench(number: 67) { bench in
            try await bench.provision()
            try await bench.control(#"{"do":"clientMode"}"#)
            #expect(try await bench.control(#"{"do":"state"}"#)["controlMode"] as? Int == 1)
        }
    }

    @Test("a password that somebody else changed is one that no longer fits")
    func setDigestPassword() async throws {
        try await withBench(number: 65) { bench in
            try await bench.provision()
            let account =
                "<h:DigestUsername>ns-1</h:DigestUsername><h:DigestPassword>\(try await hash(bench))</h:DigestPassword>"
                + "<h:AccessPermission>2</h:AccessPermission><h:Realms>3</h:Realms>"
            let made = try await bench.invoke(
                "AMT_AuthorizationService", "AddUserAclEntryEx", account, as: .digest(Device.password))
            #expect(made == "0")
            func logOn() async throws -> Int {
                try await run(
                    "/usr/bin/curl",
                    [
                        "--silent", "--digest", "--user", "ns-1:\(Device.password)", "--data-binary", Bench.get,
                        "--output", "/dev/null", "--write-out", "%{http_code}", "http://\(bench.address):16992/wsman",
                    ]
                ).output.split(separator: "\n").last.flatMap { Int($0) } ?? 0
            }
            #expect(try await logOn() == 200)
            try await bench.control(#"{"do":"setDigestPassword","value":"ns-1"}"#)
            #expect(try await logOn() == 401)
        }
    }

    private func hash(_ bench: Bench) async throws -> String {
        let settings = try await bench.post(Bench.get, as: .digest(Device.password))
        let realm = try #require(settings.body.firstMatch(of: /Digest:[0-9A-F]{32}/).map { String($0.output) })
        return Data(md5("ns-1:\(realm):\(Device.password)")).base64EncodedString()
    }
}
