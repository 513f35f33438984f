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

@Suite("The recipes, tried by those whose files they are", .timeLimit(.minutes(2)))
struct RecipeToolTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let recipes = Packaging.folder + "/recipes"
    private static let cloudInit = Packaging.top + "/.build/cloud-init/usr/lib/python3/dist-packages"
    private static let kickstart = Packaging.top + "/.build/test-clients/bin/ksvalidator"

    @Test(
        "cloud-init takes its user data",
        .enabled(if: access(cloudInit, F_OK) == 0, "skipped: packaging/install-package-tools was not run"))
    func userData() async throws {
        func check(_ file: String) async throws -> RunningProgram.Ending {
            let program = """
                import sys
                sys.argv = ["cloud-init", "schema", "--config-file", sys.argv[1]]
                from cloudinit.cmd.main import main
                sys.exit(main())
                """
            return try await run(
                "/usr/bin/env", "PYTHONPATH=\(Self.cloudInit)", "/usr/bin/python3", "-c", program, file)
        }
        let ending = try await check(Self.recipes + "/cloud-init.yaml")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("Valid"))
        let wrong = try folder.write("wrong.yaml", "#cloud-config\nruncmd: namesake-agent\n")
        #expect(try await check(wrong).status != 0)
    }

    @Test(
        "debconf takes the preseed file",
        .enabled(if: installed("debconf-set-selections") != nil, "skipped: debconf is not installed"))
    func preseed() async throws {
        let program = try #require(installed("debconf-set-selections"))
        let ending = try await run(program, "-c", Self.recipes + "/preseed.cfg")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.complaints.isEmpty)
        // The installer hands the command to its shell.
        let text = try Packaging.text("recipes/preseed.cfg").replacing("\\\n", with: " ")
        let command = try #require(text.firstMatch(of: /(?m)^d-i preseed\/late_command string (.*)$/)?.output.1)
        let inTarget = "in_target() { echo \"$*\"; }\n"
        let said = try await run("/bin/sh", "-euc", inTarget + command.replacing("in-target", with: "in_target"))
        #expect(said.status == 0, "\(said)")
        #expect(said.output.hasSuffix("systemctl enable namesake-sync.service\n"))
    }

    @Test(
        "pykickstart takes the Kickstart file, and its script is one for a shell",
        .enabled(if: access(kickstart, X_OK) == 0, "skipped: pykickstart is not installed"),
        arguments: ["RHEL8", "RHEL9", "RHEL10", "F42"])
    func validated(version: String) async throws {
        let ending = try await run(Self.kickstart, "-v", version, Self.recipes + "/kickstart.cfg")
        #expect(ending.status == 0, "\(ending)")
        let text = try Packaging.text("recipes/kickstart.cfg")
        let script = try #require(text.firstMatch(of: /(?s)%post[^\n]*\n(.*)\n%end/)?.output.1)
        #expect(try await run("/bin/bash", "-n", try folder.write("post", String(script))).status == 0)
    }

    @Test(
        "Foreman's snippet renders into a script, for either family",
        .enabled(if: installed("ruby") != nil, "skipped: ruby is not installed"), arguments: ["Debian", "Redhat"])
    func foreman(family: String) async throws {
        let program = """
            require 'erb'
            System = Struct.new(:family)
            Host = Struct.new(:operatingsystem)
            @host = Host.new(System.new(ARGV[1]))
            def host_param(name) = name + '-value'
            print ERB.new(File.read(ARGV[0]), trim_mode: '-').result(binding)
            """
        let ending = try await run("/usr/bin/env", "ruby", "-e", program, Self.recipes + "/foreman.erb", family)
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains(family == "Debian" ? "apt-get install" : "dnf install"))
        #expect(ending.output.contains("namesake-agent enroll -"))
        #expect(try await run("/bin/sh", "-n", try folder.write("snippet", ending.output)).status == 0)
    }

    @Test("MAAS' commands are lists of words, each of which curtin runs in the installed system")
    func maas() async throws {
        let program = """
            import sys, yaml
            commands = yaml.safe_load(open(sys.argv[1]))["late_commands"]
            assert commands and all(words[:3] == ["curtin", "in-target", "--"] for words in commands.values()), commands
            assert all(isinstance(word, str) for words in commands.values() for word in words)
            print(commands[max(commands)][3:])
            """
        guard try await run("/usr/bin/env", "python3", "-c", "import yaml").status == 0 else {
            return print("skipped: python3-yaml is not installed")
        }
        let ending = try await run("/usr/bin/env", "python3", "-c", program, Self.recipes + "/maas.yaml")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("namesake-sync.service"))
    }
}
