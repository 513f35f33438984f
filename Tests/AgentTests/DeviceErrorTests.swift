import AgentTestKit
import Glibc
import SimulatedMEI
import Testing

@Suite(
    "What can go wrong with a device node", .timeLimit(.minutes(2)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct DeviceErrorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(
        _ firmware: PlainFirmware = .init(), connecting: [Int32] = [], longestMessage: UInt32 = 5120,
        more: [String] = [], script: @escaping SocketFirmware.Script = { _, _, _ in nil }
    ) async throws -> (ending: RunningProgram.Ending, peer: NodeFirmware) {
        let peer = NodeFirmware(firmware, connecting: connecting, longestMessage: longestMessage, script: script)
        let device = try peer.mount(in: TemporaryFolder())
        defer { peer.unmount() }
        let ending = try await RunningProgram(
            Agent.path,
            ["check", "--device", device, "--name", "pc1.example.com", "--device-timeout", "0.4"] + more
        ).ending()
        return (ending, peer)
    }

    @Test(
        "an error of connecting has its own code, and is tried again only where that can help",
        arguments: [
            // The watchdog client is asked too, whether AMT is switched off.
            (ENOTTY, "mei.no-host-interface", Int32(12), 2), (EINVAL, "mei.failed", 13, 1),
            (EFAULT, "mei.silent", 13, 1),
            (EIO, "mei.failed", 13, 1), (ENOMEM, "mei.failed", 13, 1),
        ])
    func connecting(errno: Int32, code: String, status: Int32, connections: Int) async throws {
        let (ending, peer) = try await check(connecting: Array(repeating: errno, count: 20))
        #expect(ending.status == status, "\(ending)")
        #expect(ending.complaints.contains(code))
        #expect(peer.connections == connections)
    }

    @Test("a management engine that is just resetting is waited for", arguments: [ENODEV, EBUSY])
    func passing(errno: Int32) async throws {
        let (ending, peer) = try await check(connecting: [errno], more: ["--device-timeout", "20"])
        #expect(ending.status == 0, "\(ending)")
        #expect(peer.connections == 2)
        let (gone, _) = try await check(connecting: Array(repeating: ENODEV, count: 20))
        #expect(gone.status == 13)
        #expect(gone.complaints.contains("mei.vanished"))
    }

    @Test("a command longer than the client takes is not sent")
    func tooLong() async throws {
        let (ending, peer) = try await check(longestMessage: 8)
        #expect(ending.status == 13)
        #expect(ending.complaints.contains("mei.failed"))
        #expect(peer.firmware.operations.isEmpty)
    }

    @Test("a program that is stopped and goes on in the middle of an answer loses nothing")
    func stopped() async throws {
        let (ending, peer) = try await check(more: ["--device-timeout", "20"]) { number, _, _ in
            let lines = statusOfChild(named: "namesake-agent").split(separator: "\n")
            let pid = lines.first { $0.hasPrefix("Pid:") }.flatMap { Int32($0.dropFirst(5)) }
            if number == 2, let pid { for signal in [SIGSTOP, SIGCONT] { kill(pid, signal) } }
            return nil
        }
        #expect(ending.status == 0, "\(ending)")
        #expect(peer.connections == 1)
    }

    @Test("an answer that comes in pieces, with a status alone, or with a status and more is not taken for one")
    func pieces() async throws {
        let bad: [SocketFirmware.Script] = [
            { number, request, firmware in
                number == 3 ? .message(Array(firmware.answer(request).prefix(20))) : nil
            },
            { number, request, firmware in number == 3 ? .message(Array(firmware.answer(request).prefix(16))) : nil },
            { number, request, firmware in
                number == 2 ? .message(firmware.answer(request) + firmware.answer(request)) : nil
            },
            { _, _, _ in .message([UInt8](repeating: 0xFF, count: 5120)) },
        ]
        for script in bad {
            let (ending, _) = try await check(script: script)
            #expect(ending.status == 13)
            #expect(ending.complaints.contains("mei.answer-unreadable"), "\(ending)")
        }
    }

    @Test("recovery mode is told apart from a machine without AMT by the kernel's word")
    func recovery() async throws {
        let attributes = folder.path + "/class/mei/mei0"
        for path in [folder.path + "/class", folder.path + "/class/mei", attributes] { mkdir(path, 0o700) }
        // HFSTS1 of a CSME 16.1 in recovery, and of a CSME 18 at work: fwupd issues 623 (firmware-lenovo) and 7180.
        for (register, status, code) in [
            ("94000642", Int32(13), "mei.recovery-mode"), ("A0000245", 12, "mei.no-host-interface"),
        ] {
            try folder.write("class/mei/mei0/fw_status", register + "\n00F10507\n")
            let (ending, _) = try await check(connecting: [ENOTTY], more: ["--sysfs", folder.path])
            #expect(ending.status == status, "\(ending)")
            #expect(ending.complaints.contains(code))
        }
    }

    @Test(
        "whatever the firmware calls itself, it gets a verdict and does no harm",
        arguments: [
            ("", Int32(10)), (String(repeating: "a", count: 63) + ".example.com", 10),
            (String(repeating: "a", count: 64) + ".example.com", 13), (String(repeating: "a.", count: 127) + "a", 13),
            (String(repeating: "a.", count: 128), 13), ("pc 1.example.com", 13), ("pc\u{0}1.example.com", 13),
            ("🖥.example.com", 13), ("pc_1.example.com", 13), ("PC1.example.com.", 0), ("pc1.example.com..", 13),
            ("\u{1B}[2Jpc1", 13),
        ] as [(String, Int32)])
    func names(name: String, status: Int32) async throws {
        var firmware = PlainFirmware()
        firmware.name = name
        let (ending, _) = try await check(firmware)
        #expect(ending.status == status, "\(ending)")
        #expect(!(ending.output + ending.complaints).contains("\u{1B}"))
    }

    @Test("the firmware's interface is asked for only when DHCP's rule is reached, on an open of its own")
    func fourthQuestion() async throws {
        let peer = NodeFirmware(PlainFirmware(), connecting: []) { _, _, _ in nil }
        let device = try peer.mount(in: TemporaryFolder())
        defer { peer.unmount() }
        let ending = try await RunningProgram(Agent.path, ["check", "--device", device, "--name-rules", "dhcp"])
            .ending()
        #expect(ending.status == 78, "\(ending)")
        #expect(ending.complaints.contains("no network interface has the firmware's address 02:d9:d2:7a:1e:33"))
        #expect(peer.firmware.operations == [0x0400_0011, 0x0400_006B, 0x0400_0056, 0x0400_0048])
    }
}
