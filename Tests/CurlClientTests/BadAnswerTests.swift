import CurlClient
import Foundation
import TestKit
import Testing
import Vocabulary

/// Answers that no firmware should give, from `openssl s_server` fed by a shell.
@Suite("The HTTP client, badly answered", .serialized)
struct BadAnswerTests {
    /// Asks a peer that writes what the shell script prints to whoever connects.
    static func ask(_ number: Int, _ script: String, timeout: Duration = .seconds(60)) async throws -> CurlFault? {
        try await withTemporaryFolder { folder in
            let made = try await run(
                "/bin/sh",
                [
                    "-c",
                    "cd \(folder) && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=x 2>&1",
                ])
            guard made.status == 0 else { throw Unexpected(made.output) }
            let address = "\(try loopbackNetwork()).1"
            let server = try Program(
                "/bin/bash",
                [
                    "-c",
                    """
                    cd \(folder); exec 3< <(\(script)); echo ready
                    exec openssl s_server -quiet -naccept 1 -accept \(address):9443 -key key -cert cert <&3
                    """,
                ])
            try await server.awaitLine("ready")
            let client = try CurlClient()
            defer { client.close() }
            var request = HTTPRequest("POST", "https://x:9443/wsman", body: [0x41], trust: .setUpPeer)
            request.connectTo = "\(address):9443"
            request.timeout = timeout
            var fault: CurlFault?
            // The peer listens a moment after it says so.
            repeat {
                do throws(CurlFault) {
                    _ = try await client.send(request)
                    fault = nil
                } catch { fault = error }
                if case .notConnected? = fault { continue } else { break }
            } while true
            server.send(SIGKILL)
            _ = await server.ended()
            return fault
        }
    }

    static let head = "printf 'HTTP/1.1 200 OK\\r\\n%s\\r\\n\\r\\n'"

    @Test("an envelope of two megabytes is refused at the limit, and the fault names it")
    func long() async throws {
        let fault = try await Self.ask(1, "\(Self.head) 'Content-Length: 2097152'; head -c 2097152 /dev/zero")
        #expect(fault == .answerUnreadable("longer than 1048576 bytes"))
    }

    @Test("chunks without end are refused at the same limit")
    func endless() async throws {
        let chunks = "while printf '400\\r\\n%1024s\\r\\n' x; do :; done"
        let fault = try await Self.ask(2, "\(Self.head) 'Transfer-Encoding: chunked'; \(chunks)")
        #expect(fault == .answerUnreadable("longer than 1048576 bytes"))
    }

    @Test("headers without end are refused")
    func headers() async throws {
        let lines = "while printf 'X-%s: y\\r\\n' $((i=i+1)); do :; done"
        let fault = try await Self.ask(3, "printf 'HTTP/1.1 200 OK\\r\\n'; \(lines)")
        guard case .answerUnreadable? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test("an answer that drips is given up when its time is over, and what it did is not known")
    func drip() async throws {
        // The pauses are what is tried here; the limit is the request's as a whole, not from byte to byte.
        let drops = "while printf x; do sleep 0.05; done"
        let fault = try await Self.ask(
            4, "\(Self.head) 'Content-Length: 100000'; \(drops)", timeout: .milliseconds(1500))
        guard case .lost? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }
}
