import AgentTestKit
import Foundation
import Glibc
import Testing

@Suite("The recipes", .timeLimit(.minutes(2)))
struct RecipeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "the shell step says go on, later, or stop for every status of sync",
        arguments: [
            (0, Int32(0)), (11, 0), (12, 0), (13, 75), (33, 75), (69, 75), (143, 75), (30, 1), (31, 1), (32, 1),
            (64, 1),
            (78, 1), (70, 1),
        ])
    func step(status: Int, exit: Int32) async throws {
        let stub = try folder.write(
            "agent", "#!/bin/sh\n[ \"$*\" = 'sync --name a.b' ] || exit 99\nexit \(status)\n", mode: 0o755)
        let ending = try await run(
            "/usr/bin/env", "NAMESAKE_AGENT=\(stub)", "NAMESAKE_ARGUMENTS=--name a.b", "sh",
            Packaging.folder + "/recipes/task-step.sh")
        #expect(ending.status == exit, "\(ending)")
        #expect(ending.complaints.hasPrefix("namesake: "))
    }

    @Test("the shell step runs the real agent on a machine without AMT")
    func real() async throws {
        let ending = try await run(
            "/usr/bin/env", "NAMESAKE_AGENT=\(agent)", "NAMESAKE_ARGUMENTS=--dry-run --enrolment \(folder.path)/none",
            "sh",
            Packaging.folder + "/recipes/task-step.sh")
        #expect(ending.status == 1, "\(ending)")
        #expect(ending.complaints.contains("agent.enrolment-unreadable"))
    }

    @Test(
        "the playbook checks, and asks the server only where names differ",
        .enabled(if: installed("ansible-playbook") != nil, "skipped: ansible-core is not installed"),
        arguments: [("pc1.example.com", "match", false), ("pc2.example.com", "mismatch", true)])
    func ansible(name: String, verdict: String, asks: Bool) async throws {
        let peer = try SocketFirmware(in: folder)
        defer { peer.stop() }
        let arguments = #"["--device","\#(peer.device)","--name","\#(name)"]"#
        let variables =
            #"{"namesake_agent":"\#(agent)","namesake_hosts":"localhost","namesake_arguments":\#(arguments),"namesake_sync_arguments":["--enrolment","\#(folder.path)/none"]}"#
        let ending = try await run(
            "/usr/bin/env", "HOME=\(folder.path)", "ANSIBLE_LOCALHOST_WARNING=False", "LC_ALL=C.UTF-8",
            try #require(installed("ansible-playbook")), "-i", "localhost,", "-c", "local", "-e", variables,
            Packaging.folder + "/recipes/ansible.yml")
        // Without an enrolment the server cannot be asked, and the play fails at exactly that.
        #expect((ending.status == 0) == !asks, "\(ending)")
        #expect(ending.output.contains("agent.enrolment-unreadable") == asks)
        #expect(ending.output.contains("\"msg\": \"\(verdict)\"") == !asks)
        #expect(peer.connections == 1)
    }

    @Test("those that are YAML are well formed")
    func yaml() async throws {
        let program = "import sys, yaml\nfor path in sys.argv[1:]: yaml.safe_load(open(path))"
        guard try await run("/usr/bin/env", "python3", "-c", "import yaml").status == 0 else {
            print("skipped: python3-yaml is not installed")
            return
        }
        let recipes = Packaging.folder + "/recipes"
        let ending = try await run(
            "/usr/bin/env", "python3", "-c", program, recipes + "/cloud-init.yaml", recipes + "/ansible.yml",
            recipes + "/maas.yaml")
        #expect(ending.status == 0, "\(ending.complaints)")
    }
}
