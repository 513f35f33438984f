import Foundation
import TestKit

/// Who takes webhooks in these tests: a program of its own, in another language, that checks the signature by itself.
///
/// It behaves as the word in its mode file says at the time: `ok`, `slow`, `redirect`, or a status.
final class Receiver {
    private let program: Program
    private let modeFile: String

    init(at address: String, secret: String, in folder: String, mode: String = "ok") async throws {
        modeFile = "\(folder)/mode-\(address)"
        try mode.write(toFile: modeFile, atomically: true, encoding: .utf8)
        program = try Program("/usr/bin/python3", ["-u", "-c", Self.script, address, secret, modeFile])
        try await program.awaitLine("listening")
    }

    func become(_ mode: String) throws { try mode.write(toFile: modeFile, atomically: true, encoding: .utf8) }

    struct Taken: Decodable, Equatable {
        var path: String
        var sequence: Int
        var to: String?
        var from: String?
        var signed: Bool
        var status: Int
    }

    /// Everything that arrived, in order, answered well or not.
    var taken: [Taken] {
        program.printed.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Taken.self, from: Data($0.utf8))
        }
    }

    func awaitLine(_ words: String) async throws { try await program.awaitLine(words) }
    func stop() async { await program.stop() }

    private static let script = """
        import hashlib, hmac, http.server, json, sys, threading
        address, secret, mode = sys.argv[1:]
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                key = open(secret).read().strip().encode()
                due = hmac.new(key, self.headers['Namesake-Time'].encode() + b'.' + body, hashlib.sha256).hexdigest()
                change, word = json.loads(body), open(mode).read()
                status = {'ok': 204, 'slow': 204, 'redirect': 302}.get(word) or int(word)
                print(json.dumps({'path': self.path, 'sequence': change['sequence'], 'to': change.get('to'),
                    'from': change.get('from'), 'status': status,
                    'signed': hmac.compare_digest(self.headers['Namesake-Signature'], 'sha256=' + due)
                        and self.headers['Namesake-Sequence'] == str(change['sequence'])}))
                if word == 'slow': threading.Event().wait(30)
                self.send_response(status)
                if word == 'redirect': self.send_header('Location', 'http://%s:8080/elsewhere' % address)
                self.send_header('Content-Length', '0')
                self.end_headers()
            def do_GET(self):
                print(json.dumps({'path': 'GET ' + self.path, 'sequence': 0, 'signed': False, 'status': 0}))
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer((address, 8080), Handler)
        server.daemon_threads = True
        print('listening')
        server.serve_forever()
        """
}
