import Glibc
import Synchronization

/// An HTTPS server for one test: `openssl s_server` does the TLS, the test says what is answered.
///
/// It listens on an address of its own in 127.0.0.0/8 and signs its certificate itself. One connection at a time.
package final class TLSServer: Sendable {
    package struct Request: Hashable, Sendable {
        package var method: String
        package var path: String
        /// The whole head, as it came.
        package var head: String
        package var body: String
    }

    package typealias Answering = @Sendable (Request) -> (status: Int, body: String)

    /// The certificate, PEM.
    package let authority: String
    /// `https://127.x.y.z:8443`.
    package let address: String
    private let openssl: RunningProgram
    private let taken = Mutex<[Request]>([])
    private let answering: Answering

    /// - Parameters:
    ///   - folder: Where key and certificate are put.
    ///   - answering: Gives the answer to each request; called on the server's thread.
    /// - Throws: ``Trouble`` without the program openssl.
    package init(in folder: TemporaryFolder, answering: @escaping Answering) async throws {
        let numbers = [127] + (0..<3).map { _ in Int.random(in: 20...250) }
        let host = numbers.map { "\($0)" }.joined(separator: ".")
        let (key, certificate) = (folder.path + "/key.pem", folder.path + "/certificate.pem")
        let made = try await RunningProgram(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                "/CN=test", "-addext", "subjectAltName=IP:\(host)", "-keyout", key, "-out", certificate,
            ]
        ).ending()
        guard made.status == 0, let text = readFile(certificate) else { throw Trouble("openssl: \(made.complaints)") }
        authority = text
        address = "https://\(host):8443"
        self.answering = answering
        // An answer may be on its way when the server is stopped.
        signal(SIGPIPE, SIG_IGN)
        openssl = try RunningProgram(
            "/usr/bin/openssl",
            ["s_server", "-accept", "\(host):8443", "-cert", certificate, "-key", key, "-quiet"], takesInput: true)
        try onThread { [self] in serve() }
        try await Self.awaitListener(numbers, port: 8443)
    }

    /// Returns once somebody listens there, by the kernel's word: a connection would be taken for a client.
    private static func awaitListener(_ address: [Int], port: Int) async throws {
        func hex(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 16, uppercase: true)
            return String(repeating: "0", count: digits - text.count) + text
        }
        let local = address.reversed().map { hex($0, 2) }.joined() + ":" + hex(port, 4)
        let deadline = ContinuousClock.now + .seconds(30)
        // State 0A is LISTEN; the remote end is all zero then.
        while readFile("/proc/net/tcp")?.contains("\(local) 00000000:0000 0A") != true {
            guard ContinuousClock.now < deadline else { throw Trouble("openssl does not listen on \(local)") }
            // Between two looks: the kernel tells nobody that a port is listened on.
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What has come in so far.
    package var requests: [Request] { taken.withLock { $0 } }

    /// Ends the server; what was connected is cut off.
    package func stop() { openssl.signal(SIGKILL) }

    private func serve() {
        var received: [UInt8] = []
        while let request = next(&received) {
            taken.withLock { $0.append(request) }
            let (status, body) = answering(request)
            let answer = Array("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
            guard write(openssl.input, answer, answer.count) == answer.count else { break }
        }
        _ = openssl.reap()
    }

    private func next(_ received: inout [UInt8]) -> Request? {
        while true {
            if let request = Self.take(&received) { return request }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(openssl.output, &buffer, buffer.count)
            guard count > 0 else { return nil }
            received += buffer.prefix(count)
        }
    }

    private static func take(_ received: inout [UInt8]) -> Request? {
        let text = String(decoding: received, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<end.lowerBound])
        let lines = head.split(separator: "\r\n")
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) } ?? 0
        let bodyStart = head.utf8.count + 4
        guard received.count >= bodyStart + length else { return nil }
        let words = lines.first?.split(separator: " ") ?? []
        let request = Request(
            method: String(words.first ?? ""), path: String(words.dropFirst().first ?? ""), head: head,
            body: String(decoding: received[bodyStart..<bodyStart + length], as: UTF8.self))
        received.removeFirst(bodyStart + length)
        return request
    }
}

private func readFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
}
