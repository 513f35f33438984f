import Foundation
import Glibc
import TestKit
import Testing

@testable import AMTSimulator

/// Where the client of ``MEIClient`` meets a simulator that runs.
enum HostWay: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case socket
    case device

    var testDescription: String { rawValue }

    static let hasFuse = access("/dev/fuse", R_OK | W_OK) == 0
    static let all = hasFuse ? allCases : [.socket]

    /// The simulator's option, and what the client opens.
    func place(in folder: String) throws -> (options: [String], path: String) {
        guard self == .device else { return (["--host-socket", "\(folder)/mei"], "unix:\(folder)/mei") }
        try FileManager.default.createDirectory(atPath: "\(folder)/dev", withIntermediateDirectories: true)
        return (["--host-node", "\(folder)/dev"], "\(folder)/dev/mei0")
    }
}

/// What a script of ``MEIClient`` found, as one JSON object.
func play(_ script: String, _ arguments: String...) async throws -> [String: Any] {
    let (status, output) = try await run(
        "/usr/bin/python3", ["-W", "ignore", "-c", MEIClient.script + "\n" + script] + arguments)
    let last = output.split(separator: "\n").last ?? ""
    let object = try? JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
    return try #require(object, "status \(status): \(output)")
}

@Suite(
    "A client of the MEI device that nobody here's code is in", .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "there is no /usr/bin/python3"))
struct HostDeviceTests {
    @Test("reads what rpc-go's amtinfo and the sample of Linux' tree read", arguments: HostWay.all)
    func amtInfo(way: HostWay) async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try way.place(in: folder)
            try await withBench(number: 101, options + ["--personality", "16.1"]) { bench in
                try await bench.provision()
                let seen = try await play(
                    """
                    path = sys.argv[1]
                    connected = Client(path, AMTHI)
                    limits = [connected.longest, connected.version]
                    status, versions = amthi(path, 0x0400001A, client=connected)
                    connected.close()
                    count = struct.unpack_from("<I", versions, 65)[0]
                    entries = {}
                    for place in range(count):
                        start = 69 + 44 * place
                        size = struct.unpack_from("<H", versions, start)[0]
                        name = versions[start + 2:start + 2 + size].decode()
                        size = struct.unpack_from("<H", versions, start + 22)[0]
                        entries[name] = versions[start + 24:start + 24 + size].decode()
                    upid = Client(path, UPID)
                    upid.ask(bytes.fromhex("0002010001"))
                    identity = upid.ask(bytes.fromhex("00050000"))
                    upid.ask(bytes.fromhex("0002010000"))
                    upid.close()
                    print(json.dumps({
                        "limits": limits, "versions": entries, "mode": amthi(path, 0x0400006B)[1][0],
                        "state": amthi(path, 0x04000011)[1][0], "upid": len(identity),
                        "watchdog": once(path, WATCHDOG, bytes.fromhex("05025110")).hex(),
                        "mkhi": once(path, MKHI, bytes.fromhex("ff020000"))[4:12].hex(),
                        "uuid": amthi(path, 0x0400005C)[1].hex(), "lan": amthi(path, 0x04000048, bytes(4))[1].hex(),
                        "hashes": struct.unpack("<I", amthi(path, 0x0400002C)[1][:4])[0],
                        "unknown": refused(lambda: Client(path, bytes(16)))}))
                    """, path)
                #expect(seen["limits"] as? [Int] == [5120, 1])
                let versions = seen["versions"] as? [String: String]
                #expect(versions?["AMT"] == "16.1.25" && versions?["Build Number"] == "2124" && versions?.count == 10)
                #expect(seen["mode"] as? Int == 2 && seen["state"] as? Int == 2 && seen["upid"] as? Int == 76)
                #expect(seen["watchdog"] as? String == "82")
                #expect(seen["mkhi"] as? String == "010010004c081900")
                #expect(seen["uuid"] as? String == "4b529b93d413181de4871c697a6b7a2b")
                #expect((seen["lan"] as? String)?.count == 40 && seen["hashes"] as? Int == 4)
                #expect(seen["unknown"] as? String == "ENOTTY")
            }
        }
    }

    @Test("renames through port forwarding as rpc-go does: a channel a request, one session", arguments: HostWay.all)
    func syncHostName(way: HostWay) async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try way.place(in: folder)
            try await withBench(number: 102, options + ["--lme-clients", "1"]) { bench in
                try await bench.provision()
                let seen = try await play(
                    """
                    link = Forwarding(sys.argv[1], 9)
                    link.ready([16992, 623])
                    start = list(link.seen)
                    web = WSMan(link, "admin", sys.argv[2])
                    status, before = web.exchange(get("AMT_GeneralSettings"))
                    uri = NS % "amt" + "AMT_GeneralSettings"
                    put = envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Put", uri,
                        '<h:AMT_GeneralSettings xmlns:h=""><h:HostName>vm</h:HostName>'
                        '<h:DomainName>localhost</h:DomainName></h:AMT_GeneralSettings>')
                    done, after = web.exchange(put)
                    for turn in range(20):
                        assert web.exchange(get("AMT_GeneralSettings"))[0] == 200
                    second = refused(lambda: Client(sys.argv[1], LME))
                    print(json.dumps({
                        "start": start, "statuses": web.statuses[:4], "before": value(before, "HostName"), "put": done,
                        "after": value(after, "HostName"), "name": link.name, "second": second, "mei": link.mei.longest,
                        "version": link.mei.version, "peers": sorted({c["peer"] for c in link.channels.values()})}))
                    """, path, Device.password)
                #expect(seen["start"] as? [Int] == [192, 5, 80, 80])
                #expect(seen["statuses"] as? [Int] == [401, 200, 200, 200])
                #expect(seen["before"] as? String == "pc1" && seen["put"] as? Int == 200)
                #expect(seen["after"] as? String == "vm" && seen["name"] as? String == "pc1.corp.example.test")
                #expect(seen["second"] as? String == "EBUSY", "one of the host holds the client")
                #expect(seen["mei"] as? Int == 8192 && seen["version"] as? Int == 4)
                #expect(seen["peers"] as? [Int] == [0], "a closed channel's number is free again")
                #expect(try await bench.control(#"{"do":"state"}"#)["domainName"] as? String == "localhost")
            }
        }
    }

    @Test("is set up from the host before the network opens, and taken back without a password")
    func hostBased() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            try await withBench(number: 103, options) { bench in
                let seen = try await play(
                    """
                    path = sys.argv[1]
                    stopped = amthi(path, 0x0400005E)[0]
                    status, account = amthi(path, 0x04000067, bytes(40))
                    user, password = account[:33].rstrip(b"\\0").decode(), account[33:66].rstrip(b"\\0").decode()
                    link = Forwarding(path)
                    link.ready([16992, 623])
                    web = WSMan(link, user, password)
                    realm = value(web.exchange(get("AMT_GeneralSettings"))[1], "DigestRealm")
                    hash = hashlib.md5(("admin:%s:%s" % (realm, sys.argv[2])).encode()).hexdigest()
                    inner = ("<h:NetAdminPassEncryptionType>2</h:NetAdminPassEncryptionType>"
                        "<h:NetworkAdminPassword>%s</h:NetworkAdminPassword>" % hash)
                    done = value(web.exchange(call("IPS_HostBasedSetupService", "Setup", inner))[1], "ReturnValue")
                    refused = web.exchange(envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Put",
                        NS % "amt" + "AMT_GeneralSettings", '<h:AMT_GeneralSettings xmlns:h=""/>'))
                    mode = amthi(path, 0x0400006B)[1][0]
                    admin = WSMan(link, "admin", sys.argv[2]).exchange(get("AMT_GeneralSettings"))[0]
                    back = amthi(path, 0x04000010, bytes(4))[0]
                    print(json.dumps({"stopped": stopped, "user": user, "length": len(password), "setup": done,
                        "put": [refused[0], "AccessDenied" in refused[1]], "mode": mode, "admin": admin, "back": back, "after": amthi(path, 0x0400006B)[1][0]}))
                    """, path, Device.password)
                #expect(seen["stopped"] as? Int == 0 && seen["user"] as? String == "$$OsAdmin")
                #expect(seen["length"] as? Int == 32 && seen["setup"] as? String == "0")
                let put = seen["put"] as? [Any]
                #expect(put?.first as? Int == 400 && put?.last as? Bool == true, "the host's account may not write")
                #expect(seen["mode"] as? Int == 1 && seen["admin"] as? Int == 200)
                #expect(seen["back"] as? Int == 0 && seen["after"] as? Int == 0)
            }
        }
    }

    @Test("speaks TLS through port forwarding where nothing else is served")
    func tls() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            let password = "\(folder)/password"
            try Device.password.write(toFile: password, atomically: true, encoding: .utf8)
            try await withBench(number: 104, options + ["--personality", "19", "--provisioned", password]) { _ in
                let seen = try await play(
                    """
                    link = Forwarding(sys.argv[1], 9)
                    link.ready([16993, 664])
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    web = WSMan(link, "admin", sys.argv[2], 16993, context)
                    status, answer = web.exchange(get("AMT_GeneralSettings"))
                    plain = link.open(16992)
                    print(json.dumps({"status": status, "name": value(answer, "HostName"), "ports": link.ports,
                        "plain": link.channels[plain].get("failed"),
                        "watchdog": once(sys.argv[1], WATCHDOG, bytes.fromhex("05025110")).hex()}))
                    """, path, Device.password)
                #expect(seen["status"] as? Int == 200 && seen["name"] as? String == "pc1")
                #expect(seen["ports"] as? [Int] == [16993, 664] && seen["plain"] as? Int == 1)
                #expect(seen["watchdog"] as? String == "c2")
            }
        }
    }

    @Test("sees forwards taken back and made anew when TLS is switched on for the host")
    func renewed() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            try await withBench(number: 105, options) { bench in
                try await bench.provision()
                let admin = Bench.Proof.digest(Device.password)
                _ = try await bench.giveCertificate(as: admin)
                let script = """
                    link = Forwarding(sys.argv[1])
                    link.ready([16992, 623])
                    print("forwarded", flush=True)
                    while set(link.ports) != {16993, 664}:
                        link.step()
                    print(json.dumps({"ports": sorted(link.ports), "name": link.name}))
                    """
                let client = try Program("/usr/bin/python3", ["-c", MEIClient.script + "\n" + script, path])
                try await client.awaitLine("forwarded")
                #expect(try await bench.put("AMT_TLSSettingData", tlsBody("LMS", enabled: true), as: admin) == 200)
                #expect(try await bench.invoke("AMT_SetupAndConfigurationService", "CommitChanges", as: admin) == "0")
                try await client.awaitLine("[664, 16993]")
                #expect(await client.ended() == 0)
            }
        }
    }

    @Test(
        "with odd habits: it makes room late, opens eight channels, and one that never makes room is closed all the same"
    )
    func habits() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            let odd = ["--lme-stale-closes", "--lme-greets-last", "--lme-log-in", "user", "--lme-clients", "2"]
            try await withBench(number: 106, options + odd) { bench in
                try await bench.provision()
                let seen = try await play(
                    """
                    link, other = Forwarding(sys.argv[1]), Forwarding(sys.argv[1])
                    for each in (link, other):
                        each.ready([16992, 623])
                    third = refused(lambda: Client(sys.argv[1], LME))
                    web = WSMan(link, "admin", sys.argv[2])
                    narrow = link.open
                    link.open = lambda port: narrow(port, window=50)
                    status, answer = web.exchange(get("AMT_GeneralSettings"))
                    link.open = narrow
                    slow = link.open(16992, adjusts=False)
                    link.write(slow, b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                    page = link.until_closed(slow)
                    held = [other.open(16992) for turn in range(8)]
                    ninth = other.channels[other.open(16992)].get("failed")
                    other.close(held[2])
                    again = other.channels[other.open(16992)].get("peer")
                    print(json.dumps({"start": link.seen[:6], "third": third, "status": status,
                        "page": page[:12].decode(), "peers": [other.channels[n]["peer"] for n in held],
                        "ninth": ninth, "again": again}))
                    """, path, Device.password)
                #expect(seen["start"] as? [Int] == [192, 5, 50, 5, 80, 80])
                #expect(seen["third"] as? String == "EBUSY" && seen["status"] as? Int == 200)
                #expect(seen["page"] as? String == "HTTP/1.1 301")
                #expect(seen["peers"] as? [Int] == [0, 1, 2, 3, 4, 5, 6, 7])
                #expect(seen["ninth"] as? Int == 4 && seen["again"] as? Int == 2)
            }
        }
    }

    @Test("loses its session with the first channel where firmware does that", arguments: HostWay.all)
    func dropped(way: HostWay) async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try way.place(in: folder)
            try await withBench(number: 107, options + ["--lme-drops-session"]) { bench in
                try await bench.provision()
                let seen = try await play(
                    """
                    def connect():
                        # The client is busy until the firmware has seen the connection go, as in life.
                        while True:
                            try:
                                return Forwarding(sys.argv[1], 9)
                            except OSError as error:
                                if error.errno != errno.EBUSY:
                                    raise
                    def request():
                        link = connect()
                        link.ready([16992, 623])
                        status = WSMan(link).exchange(get("AMT_GeneralSettings"))[0]
                        try:
                            gone = link.mei.receive() == b""
                        except OSError as error:
                            gone = error.errno == errno.ENODEV
                        link.mei.close()
                        return [status, gone]
                    print(json.dumps({"first": request(), "second": request()}))
                    """, path)
                for name in ["first", "second"] {
                    let pair = seen[name] as? [Any]
                    #expect(pair?.first as? Int == 401 && pair?.last as? Bool == true, "\(seen)")
                }
            }
        }
    }
}
