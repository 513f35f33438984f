import Crypto
import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

/// A simulator that runs, and curl and OpenSSL as its clients: none of their code is ours.
final class Bench: Sendable {
    static let uuid = "939b524b-13d4-1d18-e487-1c697a6b7a2b"
    static let realmForm = "Digest:"

    let folder: String
    let address: String
    /// Added to every port.
    let portOffset: Int
    let root: Authority
    let simulator: Program

    private static let network = Result { try loopbackNetwork() }

    static func address(_ number: Int) throws -> String { "\(try network.get()).\(number)" }

    init(in folder: String, number: Int, _ extra: [String] = []) async throws {
        self.folder = folder
        address = try Self.address(number)
        portOffset = 0
        root = try Authority()
        try Self.pem("CERTIFICATE", try root.der()).write(
            toFile: "\(folder)/root.pem", atomically: true, encoding: .utf8)
        simulator = try Program(
            "namesake-simulator",
            [
                "run", "--address", address, "--uuid", Self.uuid, "--trust-root", "\(folder)/root.pem", "--control",
                "\(folder)/control", "--request-log", "\(folder)/requests",
            ] + extra)
        try await simulator.awaitLine("ready")
        let leaf = try root.issue()
        try identity("leaf", [leaf.certificate, try root.der()], leaf.key)
    }

    /// A fleet whose first device has the bench's address; its ports are this process's own.
    init(in folder: String, number: Int, devices: Int, _ extra: [String] = []) async throws {
        self.folder = folder
        address = try Self.address(number)
        portOffset = Self.fleetOffset
        root = try Authority()
        try Self.pem("CERTIFICATE", try root.der()).write(
            toFile: "\(folder)/root.pem", atomically: true, encoding: .utf8)
        simulator = try Program(
            "namesake-simulator",
            [
                "run", "--address", address, "--devices", "\(devices)", "--port-offset", "\(portOffset)",
                "--trust-root", "\(folder)/root.pem", "--control", "\(folder)/control", "--request-log",
                "\(folder)/requests",
            ] + extra)
        try await simulator.awaitLine("ready")
        let leaf = try root.issue()
        try identity("leaf", [leaf.certificate, try root.der()], leaf.key)
    }

    /// Below the kernel's ephemeral ports, and apart from the standard ones, which single devices use meanwhile.
    static let fleetOffset = 1000 + Int(ProcessInfo.processInfo.processIdentifier) % 14_000

    /// The same fleet, seen at another device.
    init(_ fleet: Bench, at address: String) {
        folder = fleet.folder
        self.address = address
        portOffset = fleet.portOffset
        root = fleet.root
        simulator = fleet.simulator
    }

    static func pem(_ name: String, _ der: [UInt8]) -> String {
        let lines = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(name)-----\n\(lines)\n-----END \(name)-----\n"
    }

    /// Writes a chain and its key where curl finds them by name.
    func identity(_ name: String, _ chain: [[UInt8]], _ key: P256.Signing.PrivateKey) throws {
        let text = chain.map { Self.pem("CERTIFICATE", $0) }.joined() + key.pemRepresentation + "\n"
        try text.write(toFile: "\(folder)/\(name).pem", atomically: true, encoding: .utf8)
    }

    // MARK: clients

    /// How curl proves who it is.
    enum Proof {
        case nothing
        case certificate(String)
        case digest(String)
    }

    /// Posts an envelope by curl.
    ///
    /// - Returns: curl's exit status, the last HTTP status (0 where no answer came), and the answer.
    func post(
        _ envelope: String, as proof: Proof, tls: Bool = true, path: String = "/wsman", seconds: Int = 60,
        port: Int? = nil
    ) async throws -> (exit: Int32, status: Int, body: String) {
        let name = "\(folder)/\(UUID().uuidString)"
        try envelope.write(toFile: name, atomically: true, encoding: .utf8)
        var arguments = [
            "--silent", "--insecure", "--data-binary", "@\(name)", "--output", "\(name).answer", "--write-out",
            "%{http_code}", "--max-time", "\(seconds)",
        ]
        switch proof {
        case .nothing: break
        case .certificate(let which): arguments += ["--cert", "\(folder)/\(which).pem"]
        case .digest(let password):
            try "digest\nuser = \"admin:\(password)\"\n".write(
                toFile: "\(name).config", atomically: true, encoding: .utf8)
            arguments += ["--config", "\(name).config"]
        }
        arguments.append(
            "\(tls ? "https" : "http")://\(address):\((port ?? (tls ? 16993 : 16992)) + portOffset)\(path)")
        let (exit, output) = try await run("/usr/bin/curl", arguments)
        let answer = (try? String(contentsOfFile: "\(name).answer", encoding: .utf8)) ?? ""
        return (exit, Int(output) ?? -1, answer)
    }

    /// Calls a method by curl and gives its ReturnValue.
    func invoke(_ type: String, _ method: String, _ input: String = "", as proof: Proof) async throws -> String {
        let uri = Namespace.ofClass(type)
        let body = "<h:\(method)_INPUT xmlns:h=\"\(uri)\">\(input)</h:\(method)_INPUT>"
        let answer = try await post(envelope("\(uri)/\(method)", type, body: body), as: proof)
        guard answer.status == 200 else { return "curl \(answer.exit), HTTP \(answer.status): \(answer.body)" }
        let value = try parseXML(Array(answer.body.utf8))["Body"]?.children.first?["ReturnValue"]?.text
        return value ?? "no ReturnValue: \(answer.body)"
    }

    func put(_ type: String, _ properties: String, _ selectors: String = "", as proof: Proof) async throws -> Int {
        let body = "<h:\(type) xmlns:h=\"\(Namespace.ofClass(type))\">\(properties)</h:\(type)>"
        return try await post(envelope("\(Namespace.transfer)/Put", type, body: body, selectors: selectors), as: proof)
            .status
    }

    static let get = envelope("\(Namespace.transfer)/Get", "AMT_GeneralSettings", body: "")

    /// Sets the machine up over the set-up session, up to the commit.
    func prepare(name: String = "pc1") async throws {
        let settings = try await post(Self.get, as: .certificate("leaf"))
        let realm = try parseXML(Array(settings.body.utf8))["Body"]?["AMT_GeneralSettings"]?["DigestRealm"]?.text ?? ""
        let a1 = Data(md5("admin:\(realm):\(Device.password)")).base64EncodedString()
        let account = "<h:Username>admin</h:Username><h:DigestPassword>\(a1)</h:DigestPassword>"
        let set = try await invoke("AMT_AuthorizationService", "SetAdminAclEntryEx", account, as: .certificate("leaf"))
        #expect(set == "0")
        let names = "<h:HostName>\(name)</h:HostName><h:DomainName>corp.example.test</h:DomainName>"
        #expect(try await put("AMT_GeneralSettings", names, as: .certificate("leaf")) == 200)
    }

    func provision() async throws {
        try await prepare()
        let done = try await invoke("AMT_SetupAndConfigurationService", "CommitChanges", as: .certificate("leaf"))
        #expect(done == "0")
    }

    func openssl(_ extra: String...) async throws -> (status: Int32, output: String) {
        try await run("/usr/bin/openssl", ["s_client", "-connect", "\(address):\(16993 + portOffset)"] + extra)
    }

    // MARK: looking in

    @discardableResult
    func control(_ line: String) async throws -> [String: Any] {
        let answer = try await run("namesake-simulator", ["control", "\(folder)/control", line])
        guard let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any] else {
            throw Unexpected("control \(line): exit \(answer.status): \(answer.output)\n\(simulator.printed)")
        }
        return object
    }

    func requests() throws -> [[String: Any]] {
        try String(contentsOfFile: "\(folder)/requests", encoding: .utf8).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

/// Runs a body with a simulator of its own and ends that whatever happens.
func withBench(number: Int, _ extra: [String] = [], _ body: (Bench) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        let bench = try await Bench(in: folder, number: number, extra)
        do { try await body(bench) } catch {
            await bench.simulator.stop()
            throw error
        }
        await bench.simulator.stop()
    }
}
