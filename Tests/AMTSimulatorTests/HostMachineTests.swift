import Foundation
import Glibc
import TestKit
import Testing

@testable import AMTSimulator

@Suite(
    "The machine around the firmware", .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "there is no /usr/bin/python3"))
struct HostMachineTests {
    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test(
        "set-up from the host: the certificate that was announced sets the machine up over the local TLS port, and no other",
        arguments: ["16.1", "19"])
    func announced(personality: String) async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            try await withBench(number: 111, options + ["--personality", personality]) { bench in
                let other = try bench.root.issue()
                try bench.identity("other", [other.certificate, try bench.root.der()], other.key)
                let seen = try await play(
                    """
                    path, password, folder = sys.argv[1:4]
                    amthi(path, 0x0400005E)
                    pem = open(folder + "/leaf.pem").read()
                    leaf = ssl.PEM_cert_to_DER_cert(pem[:pem.index("-----END CERTIFICATE-----") + 26])
                    hash = hashlib.sha256(leaf).digest()
                    # As rpc-go: a byte, 64 of hash, a byte, a word, 320 of suffixes.
                    status, answer = amthi(path, 0x0400008B, b"\\2" + hash + bytes(32) + bytes(1 + 4 + 320))
                    def context(name):
                        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
                        if name:
                            made.load_cert_chain(folder + "/" + name + ".pem")
                        return made
                    link = Forwarding(path, 9)
                    link.ready([16993, 664])
                    def attempt(name, user=None):
                        try:
                            web = WSMan(link, user, "x", 16993, context(name))
                            return web.exchange(get("AMT_GeneralSettings"))[0]
                        except (ssl.SSLError, ValueError, KeyError, AssertionError) as error:
                            return type(error).__name__
                    tries = [attempt("other"), attempt(None), attempt("leaf")]
                    stream = Stream(link, 16993, context("leaf"))
                    served = hashlib.sha256(stream.tls.getpeercert(True)).digest()
                    link.close(stream.number)
                    web = WSMan(link, None, None, 16993, context("leaf"))
                    realm = value(web.exchange(get("AMT_GeneralSettings"))[1], "DigestRealm")
                    a1 = base64.b64encode(hashlib.md5(("admin:%s:%s" % (realm, password)).encode()).digest()).decode()
                    values = []
                    def note(name, method, inner=""):
                        status, answer = web.exchange(call(name, method, inner))
                        values.append(value(answer, "ReturnValue") or status)
                    service = "AMT_SetupAndConfigurationService"
                    note("AMT_AuthorizationService", "SetAdminAclEntryEx",
                        "<h:Username>admin</h:Username><h:DigestPassword>%s</h:DigestPassword>" % a1)
                    note(service, "CommitChanges")
                    if values[-1] == "2057":
                        note(service, "SetMEBxPassword", "<h:Password>%s</h:Password>" % password)
                        note(service, "CommitChanges")
                    print(json.dumps({"status": status, "told": answer[1:33] == served, "algorithm": answer[0],
                        "tries": tries, "values": values, "mode": amthi(path, 0x0400006B)[1][0],
                        "state": amthi(path, 0x04000011)[1][0], "audit": amthi(path, 0x04000050)[1][:9].hex()}))
                    """, path, Device.password, bench.folder)
                #expect(seen["status"] as? Int == 0 && seen["algorithm"] as? Int == 2 && seen["told"] as? Bool == true)
                let tries = seen["tries"] as? [Any] ?? []
                #expect(tries.count == 3 && tries[0] is String && tries[1] as? Int == 401 && tries[2] as? Int == 200)
                #expect(seen["values"] as? [String] == (personality == "19" ? ["0", "2057", "0", "0"] : ["0", "0"]))
                #expect(seen["mode"] as? Int == 2 && seen["state"] as? Int == 2)
                // Certificates, the suffix of DHCP, begun by the host.
                #expect(seen["audit"] as? String == "020000000001000000")
                #expect(try await bench.post(Bench.get, as: .digest(Device.password)).status == 200)
            }
        }
    }

    @Test(
        "faults on demand: busy, silent, empty, a status, late, and each is over after so many", arguments: HostWay.all)
    func faults(way: HostWay) async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try way.place(in: folder)
            let first = #"{"do":"meiBusy","times":2}"#
            try await withBench(number: 112, options + ["--do", first]) { bench in
                func play(_ script: String) async throws -> [Any] {
                    let seen = try await AMTSimulatorTests.play(
                        "path = sys.argv[1]\nprint(json.dumps({\"seen\": \(script)}))", path)
                    return seen["seen"] as? [Any] ?? []
                }
                let busy = try await play("[refused(lambda: Client(path, AMTHI)) for turn in range(3)]")
                #expect(busy as? [String] == ["EBUSY", "EBUSY", "went through"])
                try await bench.control(#"{"do":"meiStatus","times":1,"value":"2"}"#)
                let status = try await play("[amthi(path, 0x04000011)[0] for turn in range(2)]")
                #expect(status as? [Int] == [2, 0])
                try await bench.control(#"{"do":"meiStall","seconds":0.3}"#)
                let late = try await play(
                    "[select.select([c.fd], [], [], 0)[0] == [] and amthi(path, 0x04000011, client=c)[0] "
                        + "for c in [Client(path, AMTHI), Client(path, AMTHI)]]")
                #expect(late as? [Int] == [0, 0])
                try await bench.control(#"{"do":"meiSilent","times":1}"#)
                let request = "bytes.fromhex('010100001100000400000000')"
                let silent = try await play(
                    "[c.send(\(request)), select.select([c.fd], [], [], 0.2)[0] == [], len(c.ask(\(request)))] "
                        + "if (c := Client(path, AMTHI)) else 0")
                #expect(silent.dropFirst().first as? Bool == true && silent.last as? Int == 20)
                guard way == .device else { return }
                try await bench.control(#"{"do":"meiEmpty"}"#)
                let empty = try await play(
                    "[len(c.ask(\(request))), len(c.ask(\(request)))] if (c := Client(path, AMTHI)) else 0")
                #expect(empty as? [Int] == [0, 20])
            }
        }
    }

    @Test(
        "a reset ends a read in ENODEV and a poll in POLLERR, keeps the device shut for its time, and shows in the kernel's tree",
        .enabled(if: HostWay.hasFuse, "there is no /dev/fuse on this machine"))
    func reset() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.device.place(in: folder)
            try await withBench(number: 113, options + ["--sysfs", "\(folder)/sys"]) { bench in
                let script = """
                    path = sys.argv[1]
                    reader, poller = Client(path, AMTHI), Client(path, AMTHI)
                    seen = {}
                    def read():
                        seen["read"] = refused(lambda: os.read(reader.fd, 5120))
                    def wait():
                        waiting = select.poll()
                        waiting.register(poller.fd, select.POLLIN)
                        seen["poll"] = waiting.poll(60000)[0][1]
                    threads = [threading.Thread(target=each) for each in (read, wait)]
                    for each in threads:
                        each.start()
                    print("waiting", flush=True)
                    for each in threads:
                        each.join()
                    seen["write"] = refused(lambda: poller.send(bytes(12)))
                    print(json.dumps(seen), flush=True)
                    """
                let client = try Program("/usr/bin/python3", ["-c", MEIClient.script + "\n" + script, path])
                try await client.awaitLine("waiting")
                try await bench.control(#"{"do":"meiVanish","seconds":600}"#)
                try await client.awaitLine("poll")
                #expect(await client.ended() == 0)
                #expect(client.printed.contains(#""read": "ENODEV""#) && client.printed.contains(#""write": "ENODEV""#))
                #expect(client.printed.contains(#""poll": 8"#), "POLLERR, and no POLLHUP: \(client.printed)")
                #expect(open(path, O_RDWR | O_CLOEXEC) == -1 && errno == ENODEV)
                #expect(try Self.text("\(folder)/sys/class/mei/mei0/dev_state") == "RESETTING")
                try await bench.control(#"{"do":"meiVanish"}"#)
                #expect(try Self.text("\(folder)/sys/class/mei/mei0/dev_state") == "ENABLED")
                let again = try await play("print(json.dumps({\"status\": amthi(sys.argv[1], 0x04000011)[0]}))", path)
                #expect(again["status"] as? Int == 0)
            }
        }
    }

    @Test("in recovery mode MKHI alone is there, the tree says so, and the network is dead")
    func recovery() async throws {
        try await withTemporaryFolder { folder in
            let (options, path) = try HostWay.socket.place(in: folder)
            try await withBench(number: 114, options + ["--personality", "16.1", "--sysfs", "\(folder)/sys"]) { bench in
                let bus = "\(folder)/sys/bus/mei/devices"
                let before = Set(try FileManager.default.contentsOfDirectory(atPath: bus))
                #expect(before == Set(HostClient.allCases.map { "0000:00:16.0-\($0.rawValue)" }))
                let amthi = "\(bus)/0000:00:16.0-12f80028-b4b7-4b2d-aca8-46e0ff65814c"
                #expect(try Self.text("\(amthi)/max_len") == "5120" && Self.text("\(amthi)/version") == "01")
                let controller = "\(folder)/sys/class/mei/mei0"
                #expect(try Self.text("\(controller)/fw_ver") == String(repeating: "0:16.1.25.2124\n", count: 3))
                #expect(try Self.text("\(controller)/fw_status").hasPrefix("A0000245\n"))
                #expect(try Self.text("\(controller)/kind") == "mei\n")
                let parent = try URL(filePath: "\(controller)/device").resourceValues(forKeys: [.canonicalPathKey])
                #expect(parent.canonicalPath?.hasSuffix("/0000:00:16.0") == true)
                let uuid = try Self.text("\(folder)/sys/class/dmi/id/product_uuid")
                #expect(uuid == Bench.uuid + "\n")
                try await bench.control(#"{"do":"meiRecovery"}"#)
                let seen = try await play(
                    """
                    print(json.dumps({"amthi": refused(lambda: Client(sys.argv[1], AMTHI)),
                        "mkhi": len(once(sys.argv[1], MKHI, bytes.fromhex("ff020000")))}))
                    """, path)
                #expect(seen["amthi"] as? String == "ENOTTY" && seen["mkhi"] as? Int == 28)
                #expect(try Self.text("\(controller)/fw_status").hasPrefix("94000642\n"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: bus).count == 1)
                #expect(try await bench.post(Bench.get, as: .certificate("leaf")).exit != 0)
                try await bench.control(#"{"do":"meiRecovery","on":false}"#)
                #expect(Set(try FileManager.default.contentsOfDirectory(atPath: bus)) == before)
                #expect(try await bench.post(Bench.get, as: .certificate("leaf")).status == 200)
                try await bench.control(#"{"do":"amtDisabled"}"#)
                let off = try await play(
                    "print(json.dumps({\"amthi\": refused(lambda: Client(sys.argv[1], AMTHI))}))", path)
                #expect(off["amthi"] as? String == "ENOTTY")
            }
        }
    }

    @Test(
        "several nodes at once: another controller's before the firmware's own, and a node for each device of a fleet",
        .enabled(if: HostWay.hasFuse, "there is no /dev/fuse on this machine"))
    func several() async throws {
        try await withTemporaryFolder { folder in
            let (options, _) = try HostWay.device.place(in: folder)
            try await withBench(number: 115, options + ["--mei-index", "2", "--sysfs", "\(folder)/sys"]) { bench in
                let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/dev").sorted()
                #expect(names == ["mei0", "mei1", "mei2"])
                let seen = try await play(
                    """
                    folder = sys.argv[1]
                    print(json.dumps({"others": [refused(lambda: Client(folder + "/mei%d" % n, AMTHI)) for n in (0, 1)],
                        "own": amthi(folder + "/mei2", 0x0400005C)[1].hex()}))
                    """, "\(folder)/dev")
                #expect(seen["others"] as? [String] == ["ENOTTY", "ENOTTY"])
                #expect(seen["own"] as? String == "4b529b93d413181de4871c697a6b7a2b")
                #expect(try Self.text("\(folder)/sys/class/mei/mei0/kind") == "gsc\n")
                #expect(try Self.text("\(folder)/sys/class/mei/mei2/kind") == "mei\n")
            }
        }
        try await withTemporaryFolder { folder in
            let (options, _) = try HostWay.device.place(in: folder)
            let bench = try await Bench(in: folder, number: 116, devices: 20, options)
            let seen = try await play(
                """
                paths = [sys.argv[1] + "/mei%d" % n for n in range(20)]
                held = [Client(path, AMTHI) for path in paths]
                uuids = [amthi(path, 0x0400005C, client=client)[1].hex() for path, client in zip(paths, held)]
                print(json.dumps({"uuids": len(set(uuids)), "names": len(os.listdir(sys.argv[1])), "none":
                    refused(lambda: Client(sys.argv[1] + "/mei20", AMTHI))}))
                """, "\(folder)/dev")
            #expect(seen["uuids"] as? Int == 20 && seen["names"] as? Int == 20 && seen["none"] as? String == "ENOENT")
            try await bench.control(#"{"do":"meiVanish","device":"3","seconds":600}"#)
            let after = try await play(
                """
                print(json.dumps({"seen": [refused(lambda: Client(sys.argv[1] + "/mei%d" % n, AMTHI)) for n in (2, 3)]}))
                """, "\(folder)/dev")
            #expect(after["seen"] as? [String] == ["went through", "ENODEV"])
            await bench.simulator.stop()
        }
    }

    @Test(
        "--bind shows the device at /dev/mei0 too, where a client that looks nowhere else finds it, and takes it away again",
        .enabled(if: HostWay.hasFuse && geteuid() == 0, "binding takes root and /dev/fuse"))
    func bind() async throws {
        try await withTemporaryFolder { folder in
            try Device.password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
            try
                (MEIClient.script + """

                    fd = os.open("/dev/mei0", os.O_RDWR)
                    os.close(fd)
                    link = Forwarding("/dev/mei0", 9)
                    link.ready([16992, 623])
                    print(amthi("/dev/mei0", 0x0400006B)[1][0], WSMan(link).exchange(get("AMT_GeneralSettings"))[0])
                    """).write(toFile: "\(folder)/client.py", atomically: true, encoding: .utf8)
            // Mounts and a /dev of its own: the machine's stays as it is.
            let script = """
                set -e
                mount -t tmpfs none /dev
                mknod /dev/fuse c 10 229
                mknod /dev/null c 1 3
                mknod /dev/urandom c 1 9
                "$1" run --address "$2" --uuid "$3" --provisioned "$4/password" --bind /dev/mei0 >"$4/out" 2>&1 &
                child=$!
                i=0
                until grep -q '^ready' "$4/out"; do
                    kill -0 $child || { cat "$4/out"; exit 1; }
                    i=$((i + 1)); [ $i -lt 600 ] || exit 2
                    sleep 0.1
                done
                /usr/bin/python3 "$4/client.py"
                kill $child
                wait $child
                test ! -e /dev/mei0 && echo gone
                """
            let (status, output) = try await run(
                "/usr/bin/unshare",
                [
                    "--mount", "--propagation", "private", "sh", "-c", script, "sh", product("namesake-simulator"),
                    try Bench.address(117), Bench.uuid, folder,
                ])
            #expect(status == 0 && output.hasSuffix("2 401\ngone\n"), "\(status): \(output)")
        }
    }

    @Test("what cannot be bound or mounted is said in words")
    func errors() async throws {
        try await withTemporaryFolder { folder in
            func start(_ extra: String...) async throws -> (status: Int32, output: String) {
                try await run(
                    "namesake-simulator", ["run", "--address", try Bench.address(118), "--uuid", Bench.uuid] + extra)
            }
            #expect(try await start("--lme-log-in", "maybe").status == 64)
            #expect(try await start("--lme-clients", "0").status == 64)
            #expect(try await start("--mei-index", "1").status == 64)
            let tree = try await start("--sysfs", "/proc/none")
            #expect(tree.status == 73 && tree.output.contains("/proc/none"), "\(tree)")
            guard HostWay.hasFuse else { return }
            let folderAsFile = try await start("--bind", folder)
            #expect(folderAsFile.status == 71 && folderAsFile.output.contains("is a folder"), "\(folderAsFile)")
        }
    }
}
