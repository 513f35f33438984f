import Foundation
import TestKit
import Testing

@testable import AMTSimulator

/// Scripts that behave on the wire as two foreign stacks do, where the stacks themselves cannot be installed.
///
/// They are in Python on bare sockets, so that no HTTP library smooths anything. Source: network reference 1.4, 1.5, 8.2.
@Suite(
    "Habits of rpc-go's and MeshCommander's stacks", .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "there is no /usr/bin/python3"))
struct ForeignHabitsTests {
    private func play(_ script: String, _ bench: Bench, _ extra: String...) async throws -> [String: Any] {
        let (status, output) = try await run(
            "/usr/bin/python3", ["-c", Self.wire + script, bench.address, Device.password] + extra)
        let object = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        return try #require(object, "status \(status): \(output)")
    }

    @Test(
        "rpc-go: a first request without credentials, then digest on new connections, and a partial Put",
        arguments: [
            "http", "https",
        ])
    func goStack(scheme: String) async throws {
        try await withBench(number: 63) { bench in
            try await bench.provision()
            let seen = try await play(Self.goClient, bench, scheme)
            #expect(seen["first"] as? Int == 401 && seen["closed"] as? Bool == true, "\(seen)")
            #expect(seen["get"] as? Int == 200 && seen["again"] as? Int == 200, "\(seen)")
            #expect(seen["name"] as? String == "pc1", "\(seen)")
            #expect(seen["put"] as? Int == 200 && seen["putName"] as? String == "pc2", "\(seen)")
            #expect(seen["unknown"] as? Int == 400 && seen["unknownClosed"] as? Bool == true, "\(seen)")
            let state = try await bench.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "pc2" && state["domainName"] as? String == "corp.example.test")
        }
    }

    @Test("MeshCommander: chunked requests, a quoted decimal nc, and many requests on one connection")
    func meshStack() async throws {
        try await withBench(number: 64) { bench in
            try await bench.provision()
            let seen = try await play(Self.meshClient, bench)
            #expect(seen["first"] as? Int == 401, "\(seen)")
            #expect((seen["statuses"] as? [Int]) == [Int](repeating: 200, count: 7), "\(seen)")
            #expect(seen["nonceReused"] as? Int == 200, "a nonce serves on another connection: \(seen)")
            #expect(seen["sizes"] as? Bool == true, "four upper-case digits: \(seen)")
            #expect((seen["instances"] as? Int) == 2, "\(seen)")
        }
    }
}

extension ForeignHabitsTests {
    /// Sockets, digest and envelopes, for both scripts.
    static let wire = #"""
        import base64, hashlib, json, os, re, socket, ssl, sys
        HOST, PASSWORD = sys.argv[1], sys.argv[2]
        AMT = "http://intel.com/wbem/wscim/1/amt-schema/1/"
        TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
        ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"

        def connect(tls):
            bare = socket.create_connection((HOST, 16993 if tls else 16992), timeout=60)
            if not tls:
                return bare
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context.wrap_socket(bare)

        class Reader:
            def __init__(self, connection):
                self.connection, self.rest = connection, b""
            def take(self, enough):
                while not enough(self.rest):
                    more = self.connection.recv(4096)
                    if not more:
                        raise EOFError(self.rest)
                    self.rest += more
            def until(self, mark):
                self.take(lambda text: mark in text)
                line, self.rest = self.rest.split(mark, 1)
                return line
            def exactly(self, count):
                self.take(lambda text: len(text) >= count)
                part, self.rest = self.rest[:count], self.rest[count:]
                return part
            def answer(self):
                head = self.until(b"\r\n\r\n").decode()
                status = int(head.split(" ")[1])
                sizes, body = [], b""
                if "Transfer-Encoding: chunked" in head:
                    while True:
                        line = self.until(b"\r\n").decode()
                        size = int(line, 16)
                        if size == 0:
                            self.until(b"\r\n")
                            break
                        sizes.append(line)
                        body += self.exactly(size)
                        assert self.exactly(2) == b"\r\n"
                else:
                    body = self.exactly(int(re.search(r"Content-Length: (\d+)", head).group(1)))
                return status, head, body.decode(), sizes
            def closed(self):
                try:
                    return self.rest == b"" and self.connection.recv(1) == b""
                except (ConnectionResetError, ssl.SSLError):
                    return True

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()

        def challenge(head):
            return (re.search(r'Digest realm="(Digest:[0-9A-F]{32})"', head).group(1),
                    re.search(r'nonce="([^"]+)"', head).group(1))

        def tag(name, text):
            return re.search(r"<(?:\w+:)?%s[^>]*>([^<]*)<" % name, text).group(1)

        def envelope(number, action, resource, body, timeout="PT60S", selectors=""):
            return ('<?xml version="1.0" encoding="utf-8"?><Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
                'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns="http://www.w3.org/2003/05/soap-envelope">'
                '<Header><a:Action>%s</a:Action><a:To>/wsman</a:To><w:ResourceURI>%s</w:ResourceURI>'
                '<a:MessageID>%d</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/'
                'anonymous</a:Address></a:ReplyTo><w:OperationTimeout>%s</w:OperationTimeout>%s</Header>'
                '<Body>%s</Body></Envelope>') % (action, resource, number, timeout, selectors, body)

        """#

    /// A client of Go's net/http with a digest transport: Content-Length, no reuse after 401, `nc` of eight digits.
    static let goClient = #"""

        tls = sys.argv[3] == "https"
        seen, count = {}, 0
        def ask(text, nonce=None, realm=None):
            global count
            connection = connect(tls)
            data = text.encode()
            head = "POST /wsman HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: %d\r\n" % (
                HOST, 16993 if tls else 16992, len(data))
            if nonce:
                count += 1
                cnonce, nc = os.urandom(8).hex(), "%08x" % count
                response = md5(":".join([md5("admin:%s:%s" % (realm, PASSWORD)), nonce, nc, cnonce, "auth",
                                         md5("POST:/wsman")]))
                head += ('Authorization: Digest username="admin", realm="%s", nonce="%s", uri="/wsman", cnonce="%s", '
                         'nc=%s, qop=auth, response="%s"\r\n') % (realm, nonce, cnonce, nc, response)
            head += "Content-Type: application/soap+xml; charset=utf-8\r\nAccept-Encoding: gzip\r\n\r\n"
            connection.sendall(head.encode())
            connection.sendall(data)
            reader = Reader(connection)
            return reader, reader.answer()

        get = envelope(0, TRANSFER + "Get", AMT + "AMT_GeneralSettings", "")
        reader, (status, head, body, sizes) = ask(get)
        seen["first"], seen["closed"] = status, reader.closed()
        realm, nonce = challenge(head)
        _, (seen["get"], _, text, _) = ask(get, nonce, realm)
        seen["name"] = tag("HostName", text)
        _, (seen["again"], _, _, _) = ask(get, nonce, realm)
        # The names come in no namespace of their own, and only those that shall change.
        partial = ('<h:AMT_GeneralSettings xmlns:h=""><h:HostName>pc2</h:HostName></h:AMT_GeneralSettings>')
        _, (seen["put"], _, text, _) = ask(envelope(3, TRANSFER + "Put", AMT + "AMT_GeneralSettings", partial), nonce, realm)
        seen["putName"] = tag("HostName", text) if seen["put"] == 200 else text
        reader, (seen["unknown"], _, _, _) = ask(envelope(4, TRANSFER + "Get", AMT + "AMT_Unknown", ""), nonce, realm)
        seen["unknownClosed"] = reader.closed()
        print(json.dumps(seen))
        """#

    /// A client on a bare socket: chunks with sizes not padded, no Content-Type, `nc` decimal and in quotes.
    static let meshClient = #"""

        seen, count = {}, 0
        def send(connection, text, nonce=None, realm=None):
            global count
            head = "POST /wsman HTTP/1.1\r\n"
            if nonce:
                count += 1
                cnonce = os.urandom(8).hex()
                response = md5(":".join([md5("admin:%s:%s" % (realm, PASSWORD)), nonce, str(count), cnonce, "auth",
                                         md5("POST:/wsman")]))
                head += ('Authorization: Digest username="admin",realm="%s",nonce="%s",uri="/wsman",qop="auth",'
                         'response="%s",nc="%d",cnonce="%s"\r\n') % (realm, nonce, response, count, cnonce)
            head += "Host: %s:16992\r\nTransfer-Encoding: chunked\r\n\r\n" % HOST
            connection.sendall(head.encode())
            connection.sendall(("%X\r\n%s\r\n0\r\n\r\n" % (len(text), text)).encode())

        connection = connect(False)
        send(connection, envelope(0, TRANSFER + "Get", AMT + "AMT_GeneralSettings", ""))
        status, head, _, _ = Reader(connection).answer()
        seen["first"] = status
        realm, nonce = challenge(head)
        connection = connect(False)
        reader, statuses, lines, instances = Reader(connection), [], [], 0
        for number in range(3):
            send(connection, envelope(number, TRANSFER + "Get", AMT + "AMT_GeneralSettings", ""), nonce, realm)
            status, _, text, sizes = reader.answer()
            statuses.append(status)
            lines += sizes
        for resource in ("AMT_TLSSettingData", "AMT_PublicKeyCertificate"):
            send(connection, envelope(7, ENUMERATION + "Enumerate", AMT + resource,
                                      '<Enumerate xmlns="http://schemas.xmlsoap.org/ws/2004/09/enumeration" />'), nonce, realm)
            status, _, text, _ = reader.answer()
            statuses.append(status)
            context = tag("EnumerationContext", text)
            send(connection, envelope(8, ENUMERATION + "Pull", AMT + resource,
                 '<Pull xmlns="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><EnumerationContext>%s</EnumerationContext>'
                 '<MaxElements>999</MaxElements><MaxCharacters>99999</MaxCharacters></Pull>' % context), nonce, realm)
            status, _, text, sizes = reader.answer()
            statuses.append(status)
            lines += sizes
            instances += len(re.findall(r"<h:InstanceID>", text))
        seen["statuses"], seen["instances"] = statuses, instances
        seen["sizes"] = all(re.fullmatch("[0-9A-F]{4}", line) for line in lines) and len(lines) > 5
        other = connect(False)
        send(other, envelope(9, TRANSFER + "Get", AMT + "AMT_GeneralSettings", "", "PT60.000S"), nonce, realm)
        seen["nonceReused"] = Reader(other).answer()[0]
        print(json.dumps(seen))
        """#
}
