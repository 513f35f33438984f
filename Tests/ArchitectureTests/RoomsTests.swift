import Foundation
import Testing

/// Reads the `import` lines of every room, as the compiler does.
@Suite("Rooms")
struct RoomsTests {
    /// Who may open each dangerous door: C libraries, frameworks, the simulator.
    static let keys: [(module: String, rooms: Set<String>)] = [
        ("CLibXML2", ["LibXML"]),
        ("COpenSSL", ["Certificates"]),
        ("CLibCurl", ["CurlClient"]),
        ("CMEI", ["AgentCore"]),
        ("CDiskAccess", ["DiskInspection"]),
        ("CLibBlkid", ["DiskInspection"]),
        ("CLibFsntfs", ["NTFSFiles"]),
        ("CLibExt2fs", ["ExtFiles"]),
        ("CLibHivex", ["RegistryHives"]),
        ("VolumeReading", ["AgentInspectMain"]),
        ("CGSSAPI", ["Kerberos", "AMTSimulator"]),
        ("CSimulatedMEI", ["SimulatedMEI"]),
        ("GRDB", ["StorageSQLite"]),
        ("Hummingbird", ["Listeners", "ServerMain"]),
        ("NIOCore", ["Listeners", "AMTSimulator", "AMTSimulatorMain"]),
        ("NIOSSL", ["Listeners", "ServerMain", "AMTSimulator"]),
        ("X509", ["AMTSimulator"]),
        ("AMTSimulator", ["AMTSimulatorMain"]),
        ("SimulatedMEI", ["AMTSimulator", "AMTSimulatorMain"]),
    ]

    @Test("a dangerous door is opened only by those who hold its key", arguments: keys)
    func imports(module: String, rooms: Set<String>) throws {
        let found = try Self.imports().filter { $0.module == module }
        #expect(Set(found.map(\.room)).subtracting(rooms).isEmpty)
    }

    @Test("agent and server never see each other, and shared rooms see neither")
    func wings() throws {
        let imports = try Self.imports()
        var wingOf: [String: String] = [:]
        for line in imports { wingOf[line.room] = line.wing }
        for line in imports {
            guard let target = wingOf[line.module], target != line.wing else { continue }
            #expect(target == "Shared", "\(line.room) (\(line.wing)) imports \(line.module) (\(target))")
        }
    }

    @Test("the simulator shares no codec with its clients")
    func simulatorIsApart() throws {
        let forbidden: Set = ["WSMan", "AMTOperations", "AMTHI", "Certificates", "CurlClient", "COpenSSL"]
        let found = try Self.imports().filter { $0.room.hasPrefix("AMTSimulator") || $0.room == "SimulatedMEI" }
        #expect(!found.isEmpty)
        #expect(Set(found.map(\.module)).isDisjoint(with: forbidden))
    }

    @Test("nothing imports a door")
    func doors() throws {
        #expect(try Self.imports().filter { $0.module.hasSuffix("Main") }.isEmpty)
    }

    @Test("the agent's front door starts without libcurl and without the whole of Foundation")
    func agentIsLight() throws {
        let light: Set = ["AgentMain", "AgentOptions", "AgentCore", "AMTHI", "Vocabulary", "Wire", "Reconciliation"]
        let found = try Self.imports().filter { light.contains($0.room) }
        #expect(!found.isEmpty)
        #expect(found.filter { ["Foundation", "CurlClient", "FoundationNetworking"].contains($0.module) }.isEmpty)
    }

    @Test("no test starts a program by Foundation, whose children may stay unseen and hang the exit tests")
    func programs() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "..").standardizedFileURL
        let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
        var count = 0
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift", file.lastPathComponent != "RoomsTests.swift" else { continue }
            count += 1
            let starts = try String(contentsOf: file, encoding: .utf8).contains(#/\bProcess\(\)/#)
            #expect(!starts, "\(file.lastPathComponent): RunningProgram takes the status of what it starts")
        }
        try #require(count > 50, "the tests were not found")
    }

    private struct Line {
        var wing: String
        var room: String
        var module: String
    }

    private static func imports() throws -> [Line] {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
            .standardizedFileURL
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var lines: [Line] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let parts = file.path(percentEncoded: false).dropFirst(sources.path(percentEncoded: false).count)
                .split(separator: "/")
            guard parts.count >= 3 else { continue }
            for text in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = text.split(separator: " ").filter { $0 != "package" && !$0.hasPrefix("@") }
                guard words.first == "import", let module = words.last else { continue }
                let name = module.split(separator: ".")[0]
                lines.append(Line(wing: String(parts[0]), room: String(parts[1]), module: String(name)))
            }
        }
        try #require(lines.count > 50, "the sources were not found")
        return lines
    }
}
