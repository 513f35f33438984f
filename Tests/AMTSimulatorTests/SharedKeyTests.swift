import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Set-up by a shared key", .serialized)
struct SharedKeyTests {
    /// The worked example of the maker's guide.
    private static let pid = "0000-037M"
    private static let pps = "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ"
    private static let old: [Personality] = [.amt3, .amt7, .amt9]

    private static func device(_ personality: Personality = .amt9, adminPassword: String? = nil) throws -> Device {
        var device = Device(personality, suffix: "")
        device.firmware.take(try SharedKey(pid: pid, pps: pps), adminPassword: adminPassword)
        return device
    }

    @Test("PID and PPS with their checksums are taken, with dashes and without")
    func taken() throws {
        let one = try SharedKey(pid: Self.pid, pps: Self.pps)
        #expect(one.identity == "0000037M" && one.key == "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ")
        #expect(try SharedKey(pid: one.identity, pps: one.key) == one)
    }

    @Test(
        "a wrong character, a wrong length or a wrong checksum is refused, and the key stays out of the words",
        arguments: [
            ("0000-037N", pps), ("0000-037", pps), ("0000-037m", pps), ("", pps),
            (pid, "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XK"), (pid, "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED"),
            (pid, "NKLE-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ"), (pid, ""),
        ])
    func refused(pid: String, pps: String) {
        let fault = #expect(throws: SimulationFault.self) { try SharedKey(pid: pid, pps: pps) }
        #expect(fault?.exitCode == 65)
        #expect(fault?.description.contains("G5DC") == false)
    }

    @Test("the hello is of version 2 and names the PID, as the reference's example lays it out")
    func hello() throws {
        var device = try Self.device()
        let head: [UInt8] = [0, 0, 2, 0, 3, 0, 0, 0]
        #expect(device.firmware.hello(retry: 3) == head + bytes(Device.uuid) + Array("0000037M".utf8))
        device = try Self.device(adminPassword: Device.password)
        #expect(device.firmware.hello(retry: 3)[0] == 1, "admin has another password")
    }

    @Test("up to 9.1 a key in the machine goes before certificates; later generations take none")
    func generations() throws {
        for personality in Personality.all {
            var device = try Self.device(personality)
            let isOld = Self.old.contains(personality)
            #expect(
                device.firmware.admission(tls: true) == (isOld ? .sharedKey : .chainForSetUp), "\(personality.name)")
            #expect(device.firmware.hello(retry: 0)[2] == (isOld ? 2 : 3))
            let mode = device.firmware.hostInterface(bytes("010100002b00000400000000")).first ?? []
            #expect(HostBytes.number(mode, at: 16) == (isOld ? 1 : 2))
        }
    }

    @Test("partial unprovisioning, a stop and a power cut keep the key, full unprovisioning erases it")
    func erased() throws {
        var device = try Self.device(adminPassword: Device.password)
        device.firmware.powerCut()
        #expect(device.firmware.accounts.adminA1 != nil, "the password came with the key, before set-up")
        #expect(device.firmware.hostInterface(bytes("010100005e00000400000000")).first?[12] == 0)
        #expect(device.firmware.provisioningState == .pre)
        #expect(device.firmware.hostInterface(bytes("01010000620000040400000000000000")).first?[12] == 0)
        #expect(device.firmware.admission(tls: true) == .sharedKey, "no suffix is needed")
        #expect(device.firmware.accounts.adminA1 != nil)
        try device.rename("pc1", "corp.example.test")
        #expect(device.firmware.commit() == 0)
        device.firmware.unprovision(partially: true)
        #expect(device.firmware.admission(tls: true) == .sharedKey)
        device.firmware.unprovision(partially: false)
        #expect(device.firmware.sharedKey == nil)
    }

    @Test("OpenSSL shakes hands with the right key alone, and sets the machine up with digest", arguments: old)
    func running(personality: Personality) async throws {
        try await withTemporaryFolder { folder in
            try "\(Self.pps)\n\(Device.password)\n".write(
                toFile: "\(folder)/pps", atomically: true, encoding: .utf8)
            let extra = ["--personality", personality.name, "--psk", "\(Self.pid):\(folder)/pps"]
            try await withBench(number: 95, extra) { bench in try await Self.setUp(bench, personality) }
        }
    }

    private static func setUp(_ bench: Bench, _ personality: Personality) async throws {
        let key = pps.utf8.filter { $0 != UInt8(ascii: "-") }
        for (identity, key) in [("0000037M", [UInt8](repeating: 1, count: 32)), ("4444CE3M", key)] {
            #expect(try await ask(bench, identity, key, []).isEmpty, "\(identity)")
        }
        let certificate = try await bench.post(Bench.get, as: .certificate("leaf"))
        #expect(certificate.exit != 0, "without the key there is nothing")
        let challenge = HTTPReply(try await ask(bench, "0000037M", key, [request(Bench.get, nil)]))
        #expect(challenge.status == 401, "the key opens the line, and who asks is a matter of digest")
        let realm = try #require(challenge.challenge("realm"))
        let client = DigestClient(realm: realm, nonce: try #require(challenge.challenge("nonce")))
        let names = "<h:HostName>pc1</h:HostName><h:DomainName>corp.example.test</h:DomainName>"
        let type = "AMT_SetupAndConfigurationService"
        let uri = Namespace.ofClass(type)
        let put = envelope(
            "\(Namespace.transfer)/Put", "AMT_GeneralSettings",
            body: "<h:AMT_GeneralSettings xmlns:h=\"\(Namespace.ofClass("AMT_GeneralSettings"))\">\(names)"
                + "</h:AMT_GeneralSettings>")
        let commit = envelope(
            "\(uri)/CommitChanges", type, body: "<h:CommitChanges_INPUT xmlns:h=\"\(uri)\"></h:CommitChanges_INPUT>")
        let answers = try await ask(bench, "0000037M", key, [request(put, client), request(commit, client)])
        #expect(String(decoding: answers, as: UTF8.self).contains("ReturnValue>0<"))
        let state = try await bench.control(#"{"do":"state"}"#)
        #expect(state["provisioningState"] as? Int == 2 && state["hostName"] as? String == "pc1")
        let version = personality == .amt3 ? "-tls1" : "-tls1_1"
        #expect(try await bench.openssl(version, "-cipher", "DEFAULT:@SECLEVEL=0").status == 0)
    }

    private static func request(_ body: String, _ client: DigestClient?) -> String {
        let proof = client.map { "Authorization: \($0.header())\r\n" } ?? ""
        return "POST /wsman HTTP/1.1\r\nHost: x\r\n\(proof)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Sends requests by OpenSSL's client over one connection; what comes back until the firmware closes it.
    private static func ask(
        _ bench: Bench, _ identity: String, _ key: [UInt8], _ requests: [String]
    ) async throws -> [UInt8] {
        let name = "\(bench.folder)/\(UUID().uuidString)"
        try requests.joined().write(toFile: name, atomically: true, encoding: .utf8)
        // The shell gives the client its input, and keeps what it reports about the handshake apart from the answers.
        let line =
            "exec openssl s_client -quiet -ign_eof -connect '\(bench.address):16993' -psk_identity '\(identity)' "
            + "-psk \(key.hexadecimal) -cipher 'PSK:@SECLEVEL=0' -no_tls1_3 < '\(name)' > '\(name).answer' 2> /dev/null"
        _ = try await run("/bin/sh", ["-c", line])
        return Array(FileManager.default.contents(atPath: "\(name).answer") ?? Data())
    }

    @Test("what is no shared key to begin with is said, and the PPS is never shown")
    func startErrors() async throws {
        try await withTemporaryFolder { folder in
            let file = "\(folder)/pps"
            try "\(Self.pps)0".write(toFile: file, atomically: true, encoding: .utf8)
            func start(_ psk: String, _ personality: String = "9.1") async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-simulator",
                    [
                        "run", "--address", try Bench.address(95), "--uuid", Bench.uuid, "--personality", personality,
                        "--psk", psk,
                    ])
            }
            let wrong = try await start("\(Self.pid):\(file)")
            #expect(wrong.status == 65 && wrong.output.contains("PPS") && !wrong.output.contains("NKLD"))
            #expect(try await start("\(Self.pid):\(folder)/none").status == 66)
            #expect(try await start(Self.pid).status == 64)
            let late = try await start("\(Self.pid):\(file)", "11.8")
            #expect(late.status == 64 && late.output.contains("takes no shared key"))
        }
    }
}
