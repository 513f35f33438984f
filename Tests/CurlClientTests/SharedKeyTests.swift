import CurlClient
import Foundation
import TestKit
import Testing
import Vocabulary

/// TLS by a pre-shared key against `openssl s_server`, which nobody here wrote.
@Suite("TLS by a pre-shared key", .serialized)
struct SharedKeyTests {
    static let identity = "0000037M"
    static let key = Secret("NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ")

    /// The peer's arguments beside address and key; without certificates unless they name one.
    static func withPeer(
        _ arguments: [String], folder: String, _ body: (String, CurlClient, Program) async throws -> Void
    ) async throws {
        try "HTTP/1.0 200 ok\r\n\r\nhello".write(toFile: "\(folder)/page", atomically: true, encoding: .utf8)
        let address = "\(try loopbackNetwork()).1:9443"
        let words = key.reveal { $0.hexadecimal }
        let line =
            "cd '\(folder)' && exec openssl s_server -accept \(address) -HTTP -psk_identity \(identity) -psk \(words) "
            + arguments.joined(separator: " ")
        let server = try Program("/bin/sh", ["-c", line])
        try await server.awaitLine("ACCEPT")
        let client = try CurlClient()
        try await body(address, client, server)
        client.close()
        await server.stop()
    }

    static func request(
        _ address: String, identity: String = identity, key: Secret = key, legacy: Bool = false
    ) -> HTTPRequest {
        var request = HTTPRequest("GET", "https://pc1.example.test:9443/page", trust: .setUpPeer)
        request.connectTo = address
        request.sharedKey = TLSSharedKey(identity: identity, key: key)
        request.allowsLegacyTLS = legacy
        return request
    }

    @Test(
        "the right key opens the line, with each suite that firmware may have",
        arguments: ["PSK-AES128-CBC-SHA", "PSK-AES256-CBC-SHA", "PSK-AES128-GCM-SHA256"])
    func right(suite: String) async throws {
        try await withTemporaryFolder { folder in
            try await Self.withPeer(["-nocert -tls1_2 -cipher", suite], folder: folder) { address, client, _ in
                let answer = try await client.send(Self.request(address))
                #expect(answer.status == 200 && answer.body == Array("hello".utf8))
                #expect(answer.peerCertificate == nil, "there is none")
            }
        }
    }

    @Test("suites that take a certificate beside the key do so without looking at it")
    func certificate() async throws {
        try await withTemporaryFolder { folder in
            let made = try await run(
                "/bin/sh",
                [
                    "-c",
                    "cd '\(folder)' && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 "
                        + "-subj /CN=anybody 2>/dev/null",
                ])
            try #require(made.status == 0)
            try await Self.withPeer(
                ["-key key -cert cert -tls1_2 -cipher RSA-PSK-AES128-CBC-SHA"], folder: folder
            ) { address, client, _ in
                let answer = try await client.send(Self.request(address))
                #expect(answer.status == 200)
            }
        }
    }

    @Test(
        "TLS 1.0 and 1.1 are spoken with whom it is allowed for, and with nobody else", arguments: ["-tls1", "-tls1_1"])
    func legacy(version: String) async throws {
        try await withTemporaryFolder { folder in
            let arguments = ["-nocert", version, "-cipher PSK-AES128-CBC-SHA:@SECLEVEL=0"]
            try await Self.withPeer(arguments, folder: folder) { address, client, server in
                let fault = await Self.fault { () throws(CurlFault) in try await client.send(Self.request(address)) }
                guard case .peerTooOld? = fault else {
                    Issue.record("\(fault as Any)")
                    return
                }
                #expect(!server.printed.contains("FILE:page"), "something was sent")
                let answer = try await client.send(Self.request(address, legacy: true))
                #expect(answer.status == 200)
            }
        }
    }

    @Test("another key, another identity and a peer without keys are told apart from nobody there; nothing is sent")
    func wrong() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withPeer(["-nocert -tls1_2"], folder: folder) { address, client, server in
                for request in [
                    Self.request(address, key: Secret([UInt8](repeating: 0x41, count: 32))),
                    Self.request(address, identity: "AAAAAAAN", key: Secret("other")),
                ] {
                    let fault = await Self.fault { () throws(CurlFault) in try await client.send(request) }
                    guard case .sharedKeyRefused(let why)? = fault else {
                        Issue.record("\(fault as Any)\n\(server.printed)")
                        continue
                    }
                    #expect(!why.contains("NKLD"))
                }
                #expect(!server.printed.contains("FILE:page"))
                // The same client, the right key: a refused handshake leaves nothing behind.
                let answer = try await client.send(Self.request(address))
                #expect(answer.status == 200)
                var keyless = Self.request(address)
                keyless.sharedKey = nil
                let fault = await Self.fault { () throws(CurlFault) in try await client.send(keyless) }
                guard case .notConnected? = fault else {
                    Issue.record("a peer that has only keys was met without one: \(fault as Any)")
                    return
                }
            }
        }
    }

    @Test("a key that is longer than TLS takes is refused before anything is sent")
    func long() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withPeer(["-nocert -tls1_2"], folder: folder) { address, client, _ in
                for request in [
                    Self.request(address, key: Secret([UInt8](repeating: 1, count: 1000))),
                    Self.request(address, identity: String(repeating: "x", count: 1000)),
                ] {
                    let fault = await Self.fault { () throws(CurlFault) in try await client.send(request) }
                    guard case .unusable? = fault else {
                        Issue.record("\(fault as Any)")
                        continue
                    }
                }
            }
        }
    }

    private static func fault(_ send: () async throws(CurlFault) -> HTTPAnswer) async -> CurlFault? {
        do throws(CurlFault) {
            _ = try await send()
            return nil
        } catch { return error }
    }
}
