import CurlClient
import Foundation
import TestKit
import Testing
import Vocabulary

/// Against `openssl s_server -WWW`, a TLS server that nobody here wrote.
@Suite("The HTTP client", .serialized)
struct CurlClientTests {
    struct Peer {
        var program: Program
        var url: String
        var folder: String
        var address: String
        var authority: String
        /// DER.
        var certificate: [UInt8]
        var pin: [UInt8]
    }

    static func withPeer(_ number: Int, _ body: (Peer, CurlClient) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let script = """
                cd \(folder) && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 \
                -subj /CN=peer.example.test -addext subjectAltName=DNS:peer.example.test 2>/dev/null && \
                printf 'HTTP/1.0 200 ok\\r\\nX-Word: here\\r\\n\\r\\nhello' > page && \
                cp page last && openssl x509 -in cert -outform der -out der && \
                openssl x509 -in cert -pubkey -noout | openssl pkey -pubin -outform der | openssl sha256 -binary > pin
                """
            let made = try await run("/bin/sh", ["-c", script])
            guard made.status == 0 else { throw Unexpected(made.output) }
            let address = "\(try loopbackNetwork()).1"
            let server = try Program(
                "/bin/sh",
                [
                    "-c",
                    "cd \(folder) && exec openssl s_server -accept \(address):9443 -key key -cert cert -HTTP",
                ])
            try await server.awaitLine("ACCEPT")
            let client = try CurlClient()
            let peer = Peer(
                program: server, url: "https://peer.example.test:9443/page", folder: folder,
                address: "\(address):9443",
                authority: try String(contentsOfFile: "\(folder)/cert", encoding: .utf8),
                certificate: Array(try Data(contentsOf: URL(filePath: "\(folder)/der"))),
                pin: Array(try Data(contentsOf: URL(filePath: "\(folder)/pin"))))
            try await body(peer, client)
            client.close()
            await server.stop()
        }
    }

    func get(_ peer: Peer, _ trust: PeerTrust, url: String? = nil) -> HTTPRequest {
        var request = HTTPRequest("GET", url ?? peer.url, trust: trust)
        request.connectTo = peer.address
        return request
    }

    @Test("asks for a name at an address, and gives body, headers and the peer's certificate")
    func answers() async throws {
        try await Self.withPeer(1) { peer, client in
            let answer = try await client.send(get(peer, .authorities(peer.authority, pin: peer.pin)))
            #expect(answer.status == 200)
            #expect(answer.body == Array("hello".utf8))
            #expect(answer.values(of: "x-word") == ["here"])
            #expect(answer.openedConnection)
            #expect(answer.peerCertificate == peer.certificate)
        }
    }

    @Test("sends nothing to another authority's, another name's or another key's peer")
    func trust() async throws {
        try await Self.withPeer(2) { peer, client in
            let other = try await Self.otherAuthority()
            var wrongPin = peer.pin
            wrongPin[0] ^= 1
            let refused = [
                get(peer, .authorities(other)), get(peer, .authorities(peer.authority, pin: wrongPin)),
                get(peer, .pinned(wrongPin)),
                get(peer, .authorities(peer.authority), url: "https://other.example.test:9443/page"),
            ]
            for request in refused {
                do throws(CurlFault) {
                    _ = try await client.send(request)
                    Issue.record("an untrusted peer was spoken to")
                } catch {
                    guard case .peerNotTrusted = error else {
                        Issue.record("\(error)")
                        continue
                    }
                }
            }
            #expect(!peer.program.printed.contains("FILE:page"), "the peer has seen a request")
            #expect(try await client.send(get(peer, .pinned(peer.pin))).status == 200)
        }
    }

    private static func otherAuthority() async throws -> String {
        try await run(
            "/bin/sh",
            ["-c", "openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 2 -subj /CN=other 2>/dev/null"]
        ).output
    }

    @Test("says that nothing was sent where nobody listens")
    func nobody() async throws {
        let client = try CurlClient()
        var request = HTTPRequest("POST", "https://peer.example.test:9443/", body: [1], trust: .setUpPeer)
        request.connectTo = "\(try loopbackNetwork()).1:9443"
        do throws(CurlFault) {
            _ = try await client.send(request)
            Issue.record("somebody answered")
        } catch {
            guard case .notConnected = error else {
                Issue.record("\(error)")
                return
            }
        }
        client.close()
    }

    @Test("stops reading at its limit")
    func limit() async throws {
        try await Self.withPeer(3) { peer, client in
            var request = get(peer, .authorities(peer.authority))
            request.answerLimit = 3
            do throws(CurlFault) {
                _ = try await client.send(request)
                Issue.record("more was taken than the limit")
            } catch {
                guard case .answerUnreadable = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    @Test("looks at a peer's certificate without sending anything")
    func looking() async throws {
        try await Self.withPeer(5) { peer, client in
            var request = get(peer, .setUpPeer)
            (request.looksOnly, request.closesConnection) = (true, true)
            let answer = try await client.send(request)
            #expect(answer.peerCertificate == peer.certificate)
            #expect(answer.body.isEmpty && answer.status == 0)
            #expect(!peer.program.printed.contains("FILE:"), "\(peer.program.printed)")
            request.looksOnly = false
            #expect(try await client.send(request).status == 200)
            try await peer.program.awaitLine("FILE:page")
        }
    }

    @Test("sends nothing over a new connection where the old one was asked for, nor to a peer that is objected to")
    func heldBack() async throws {
        try await Self.withPeer(6) { peer, client in
            var request = get(peer, .authorities(peer.authority))
            let first = try await client.send(request)
            #expect(first.status == 200 && first.connection > 0)
            try await peer.program.awaitLine("FILE:page")
            // This peer closes after each answer, so there is no connection to keep.
            request.keptConnection = first.connection
            var reasons: [String] = []
            for objection in [nil, "another machine"] as [String?] {
                request.objection = { $0 == peer.certificate ? objection : "another certificate" }
                do throws(CurlFault) {
                    _ = try await client.send(request)
                    Issue.record("it was sent")
                } catch {
                    guard case .notConnected(let reason) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    reasons.append(reason)
                }
                request.keptConnection = nil
            }
            #expect(reasons == ["the connection that it had to go over is closed", "another machine"])
            request.objection = { _ in nil }
            request.url = "https://peer.example.test:9443/last"
            #expect(try await client.send(request).status == 200)
            try await peer.program.awaitLine("FILE:last")
            #expect(peer.program.printed.components(separatedBy: "FILE:page").count == 2, "\(peer.program.printed)")
        }
    }

    @Test(
        "of two connections to one address a request goes over the one that it is told, be it the younger or the older")
    func twoConnections() async throws {
        try await withTemporaryFolder { folder in
            // Keeps connections alive, and prints a line for each request.
            let script = """
                import http.server, sys
                class Page(http.server.BaseHTTPRequestHandler):
                    protocol_version = "HTTP/1.1"
                    def do_GET(self):
                        body = str(self.client_address[1]).encode()
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                server = http.server.ThreadingHTTPServer((sys.argv[1], 9080), Page)
                print("ready", flush=True)
                server.serve_forever()
                """
            let address = "\(try loopbackNetwork()).1"
            let server = try Program("/usr/bin/python3", ["-c", script, address])
            try await server.awaitLine("ready")
            let client = try CurlClient()
            func ask(over connection: Int? = nil) async throws(CurlFault) -> HTTPAnswer {
                var request = HTTPRequest("GET", "http://peer.example.test:9080/", trust: .setUpPeer)
                request.connectTo = "\(address):9080"
                (request.opensConnection, request.keptConnection) = (connection == nil, connection)
                return try await client.send(request)
            }
            func port(_ answer: HTTPAnswer) -> Int? { Int(String(decoding: answer.body, as: UTF8.self)) }
            let answers = [try await ask(), try await ask(), try await ask()]
            #expect(answers.map { port($0) } == answers.map(\.connection) && Set(answers.map(\.connection)).count == 3)
            for place in [1, 2, 2] {
                let again = try await ask(over: answers[place].connection)
                #expect(port(again) == answers[place].connection && !again.openedConnection, "\(place)")
            }
            // Those that are older were closed over this.
            await #expect(throws: CurlFault.self) { _ = try await ask(over: answers[0].connection) }
            client.close()
            await server.stop()
        }
    }

    @Test("a connection is kept for the authorities and the certificate that it was made with, and for no others")
    func materials() async throws {
        try await Self.withPeer(7) { peer, client in
            let script = """
                import http.server, ssl, sys
                class Page(http.server.BaseHTTPRequestHandler):
                    protocol_version = "HTTP/1.1"
                    def do_GET(self):
                        shown = self.connection.getpeercert(True)
                        body = ("somebody" if shown else "nobody").encode()
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                server = http.server.ThreadingHTTPServer((sys.argv[1], 9444), Page)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain("cert", "key")
                context.load_verify_locations("cert")
                context.verify_mode = ssl.CERT_OPTIONAL
                server.socket = context.wrap_socket(server.socket, server_side=True)
                print("ready", flush=True)
                server.serve_forever()
                """
            let address = peer.address.replacing(":9443", with: "")
            let server = try Program(
                "/bin/sh", ["-c", "cd \(peer.folder) && exec python3 -c \"$0\" \"$1\"", script, address])
            try await server.awaitLine("ready")
            func ask(_ trust: PeerTrust, _ identity: ClientIdentity? = nil) async throws(CurlFault) -> HTTPAnswer {
                var request = get(peer, trust, url: "https://peer.example.test:9444/")
                request.connectTo = "\(address):9444"
                request.identity = identity
                return try await client.send(request)
            }
            let ours = PeerTrust.authorities(peer.authority)
            #expect(try await ask(ours).openedConnection)
            #expect(try await !ask(ours).openedConnection, "a connection is kept")
            let other = try await Self.otherAuthority()
            do throws(CurlFault) {
                _ = try await ask(.authorities(other))
                Issue.record("another authority's request went over the kept connection")
            } catch {
                if case .peerNotTrusted = error {} else { Issue.record("\(error)") }
            }
            let key = Secret(try String(contentsOfFile: "\(peer.folder)/key", encoding: .utf8))
            let identity = ClientIdentity(chain: peer.authority, key: key)
            let shown = try await ask(ours, identity)
            #expect(shown.openedConnection && shown.body == Array("somebody".utf8))
            #expect(try await !ask(ours, identity).openedConnection)
            let hidden = try await ask(ours)
            #expect(!hidden.openedConnection && hidden.body == Array("nobody".utf8), "the first one is still kept")
            await #expect(throws: CurlFault.self) {
                _ = try await ask(ours, ClientIdentity(chain: other, key: key))
            }
            await server.stop()
        }
    }

    @Test("many requests at once all get their answers, and a closed client refuses")
    func many() async throws {
        try await Self.withPeer(4) { peer, client in
            var request = get(peer, .authorities(peer.authority))
            request.connectTimeout = .seconds(60)  // the peer shakes one hand at a time
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { [request] in try await client.send(request).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [Int](repeating: 200, count: 20))
            client.close()
            await #expect(throws: CurlFault.cancelled) { try await client.send(request) }
        }
    }
}
