import AgentTestKit
import Glibc
import SimulatedMEI
import Testing
import Vocabulary

@Suite(
    "The programs, on a device node", .timeLimit(.minutes(2)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct DeviceNodeTests {
    /// Runs a command on a node whose firmware behaves so.
    private func run(
        _ command: String = "check", firmware: PlainFirmware = .init(), connecting: [Int32] = [],
        more: [String] = ["--device-timeout", "0.4"], script: @escaping SocketFirmware.Script = { _, _, _ in nil }
    ) async throws -> (ending: RunningProgram.Ending, peer: NodeFirmware) {
        let peer = NodeFirmware(firmware, connecting: connecting, script: script)
        let device = try peer.mount(in: TemporaryFolder())
        defer { peer.unmount() }
        let ending = try await RunningProgram(
            Agent.path, [command, "--device", device, "--name", "pc1.example.com"] + more
        ).ending()
        #expect(!ending.output.contains("Canary") && !ending.complaints.contains("Canary"), "a secret was printed")
        return (ending, peer)
    }

    @Test("open it once, connect to the host interface and ask three questions")
    func frugal() async throws {
        let (ending, peer) = try await run()
        #expect(ending.status == 0, "\(ending)")
        #expect(peer.connections == 1)
        #expect(peer.clients.map(\.hexadecimal) == ["2800f812b7b42d4baca846e0ff65814c"])
        #expect(peer.firmware.operations == [0x0400_0011, 0x0400_006B, 0x0400_0056])
    }

    @Test("end with the status of what they found")
    func statuses() async throws {
        var (other, pre, inside) = (PlainFirmware(), PlainFirmware(), PlainFirmware())
        other.name = "pc0.example.com"
        pre.provisioningState = 0
        inside.provisioningState = 1
        #expect(try await run(firmware: other).ending.status == 10)
        #expect(try await run(firmware: pre).ending.status == 11)
        #expect(try await run(firmware: inside).ending.status == 11)
        #expect(try await run(connecting: [ENOTTY]).ending.status == 12)
        let (disabled, _) = try await run { _, _, _ in .message([]) }
        #expect(disabled.status == 12)
        #expect(disabled.complaints.contains("mei.amt-disabled"))
        #expect(try await run("status").ending.status == 0)
    }

    @Test("wait while another program holds it, and not for ever")
    func busy() async throws {
        let (ending, peer) = try await run(connecting: [EBUSY, EBUSY], more: ["--device-timeout", "30"])
        #expect(ending.status == 0)
        #expect(peer.connections == 3)
        let (held, _) = try await run(connecting: Array(repeating: EBUSY, count: 20))
        #expect(held.status == 13)
        #expect(held.complaints.contains("mei.busy"))
    }

    @Test("go on after a reset of the management engine, at whichever question it comes", arguments: 1...3)
    func vanished(struck: Int) async throws {
        let (ending, peer) = try await run { number, _, _ in number == struck ? .hangUp : nil }
        #expect(ending.status == 0, "\(ending)")
        #expect(peer.connections == 2)
        let (gone, _) = try await run { _, _, _ in .hangUp }
        #expect(gone.status == 13)
        #expect(gone.complaints.contains("mei.vanished"))
    }

    @Test("give up a firmware that stays silent")
    func silent() async throws {
        let (ending, _) = try await run { _, _, _ in .silence }
        #expect(ending.status == 13)
        #expect(ending.complaints.contains("mei.silent"))
    }

    @Test("take no answer for another, nor a longer or shorter one")
    func wrongAnswers() async throws {
        let wrong: [SocketFirmware.Script] = [
            { _, request, firmware in
                var answer = firmware.answer(request)
                answer[4] ^= 1
                return .message(answer)
            },
            { _, request, firmware in .message(firmware.answer(request) + [0]) },
            { _, request, firmware in .message(firmware.answer(request).dropLast()) },
            { _, request, _ in .message(request) },
        ]
        for script in wrong {
            let (ending, _) = try await run(script: script)
            #expect(ending.status == 13)
            #expect(ending.complaints.contains("mei.answer-unreadable"), "\(ending)")
        }
    }
}
