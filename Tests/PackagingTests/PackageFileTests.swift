import AgentTestKit
import Foundation
import Glibc
import Testing

@Suite("The files of the packages", .timeLimit(.minutes(2)))
struct PackageFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let commands = [
        "check", "status", "sync", "enroll", "expect", "doctor", "capture", "local", "inspect", "version",
    ]

    /// The long options of a command, as the program itself tells them.
    private func options(_ command: String) async throws -> Set<String> {
        let help = try await run(agent, command, "--help")
        #expect(help.status == 0)
        return Set(help.output.matches(of: /--[a-z][a-z-]+/).map { String($0.0) })
    }

    @Test("the manual names every command, option and exit status that there is")
    func manual() async throws {
        let page = try Packaging.text("man/namesake-agent.8").replacing("\\-", with: "-")
        for command in Self.commands {
            #expect(page.contains("namesake-agent \(command)"))
            for option in try await options(command).subtracting(["--help", "--version"]) {
                #expect(page.contains(option) || page.contains(option.dropFirst(2)), "\(command) \(option)")
            }
        }
        for status in [0, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 33, 64, 65, 69, 70, 77, 78] {
            #expect(page.contains("\n\(status)\t"), "\(status)")
        }
    }

    @Test(
        "the manual has no fault of its own", .enabled(if: installed("groff") != nil, "skipped: groff is not installed")
    )
    func groff() async throws {
        let ending = try await run(
            "/usr/bin/env", "groff", "-man", "-t", "-ww", "-b", "-z", "-Tutf8",
            Packaging.folder + "/man/namesake-agent.8")
        #expect(ending.status == 0)
        #expect(ending.complaints.isEmpty, "\(ending.complaints)")
    }

    @Test(
        "mandoc finds no error in the manual, and shows it",
        .enabled(if: installed("mandoc") != nil, "skipped: mandoc is not installed"))
    func mandoc() async throws {
        let page = Packaging.folder + "/man/namesake-agent.8"
        let lint = try await run("/usr/bin/mandoc", "-T", "lint", "-W", "warning", page)
        #expect(lint.status == 0, "\(lint.output)\(lint.complaints)")
        let shown = try await run("/usr/bin/mandoc", "-T", "utf8", page)
        #expect(shown.status == 0)
        #expect(shown.output.hasPrefix("NAMESAKE-AGENT(8)"))
    }

    @Test("bash, zsh and fish complete every option that a command has, and none that it has not")
    func completions() async throws {
        let bash = try Packaging.text("completions/namesake-agent.bash")
        let zsh = try Packaging.text("completions/_namesake-agent")
        let fish = try Packaging.text("completions/namesake-agent.fish")
        for command in Self.commands {
            let there = try await options(command).subtracting(["--version"])
            let program =
                "source \(Packaging.folder)/completions/namesake-agent.bash\ncompopt() { :; }\n"
                + "COMP_WORDS=(namesake-agent \(command) --); COMP_CWORD=2; _namesake_agent; printf '%s\\n' \"${COMPREPLY[@]}\""
            let ending = try await run("/bin/bash", "-c", program)
            #expect(Set(ending.output.split(separator: "\n").map(String.init)) == there, "\(command)")
            for option in there {
                #expect(zsh.contains("'\(option)["), "zsh: \(option)")
                #expect(fish.contains("-l \(option.dropFirst(2)) "), "fish: \(option)")
            }
        }
        #expect(bash.contains(Self.commands.joined(separator: " ")))
        #expect(fish.contains("set -l commands \(Self.commands.joined(separator: " "))"))
    }

    @Test(
        "the completions are what their shells can read",
        arguments: [("bash", "namesake-agent.bash"), ("zsh", "_namesake-agent"), ("fish", "namesake-agent.fish")])
    func shells(shell: String, file: String) async throws {
        guard let program = installed(shell) else {
            print("skipped: \(shell) is not installed")
            return
        }
        let ending = try await run(program, "-n", Packaging.folder + "/completions/" + file)
        #expect(ending.status == 0, "\(ending.complaints)")
    }

    @Test(
        "fish offers a command's own options",
        .enabled(if: installed("fish") != nil, "skipped: fish is not installed"))
    func fish() async throws {
        for (line, wanted) in [("status --no-", ["--no-dns", "--no-local"]), ("local --on", ["--on-die-roots"])] {
            let ending = try await run(
                "/usr/bin/env", "HOME=\(folder.path)", "XDG_CONFIG_HOME=\(folder.path)", "fish", "-c",
                "source \(Packaging.folder)/completions/namesake-agent.fish; complete -C 'namesake-agent \(line)'")
            let offered = ending.output.split(separator: "\n").map { $0.split(separator: "\t")[0] }
            #expect(offered.sorted() == wanted.map { $0[...] }, "\(ending)")
        }
    }

    @Test(
        "zsh offers a command's own options",
        .enabled(if: installed("zsh") != nil, "skipped: zsh is not installed"))
    func zsh() async throws {
        // Completion needs a terminal: zsh's own pseudo-terminal module gives one, and TAB is typed there.
        let script = """
            zmodload zsh/zpty
            zpty z zsh -f -i
            zpty -w z "PS1=; fpath=(\(Packaging.folder)/completions \\$fpath); autoload -U compinit; compinit -u -D; \
            compdef _namesake-agent namesake-agent; zstyle ':completion:*' list-prompt ''; print READY-\\$((1+1))"
            zpty -r -m z all '*READY-2*'
            zpty -n -w z $'namesake-agent status --no-\\t\\t'
            zpty -r -m z all '*--no-local*' && print FOUND
            """
        let ending = try await run("/usr/bin/env", "TERM=dumb", "timeout", "20", "zsh", "-f", "-c", script)
        #expect(ending.output.contains("FOUND"), "\(ending)")
    }

    @Test(
        "systemd takes the units",
        .enabled(if: installed("systemd-analyze") != nil, "skipped: systemd is not installed"))
    func units() async throws {
        // The program does not lie where the units look for it: only that is said of them.
        let ending = try await run(
            "/usr/bin/env", "systemd-analyze", "verify", "--man=no",
            Packaging.folder + "/systemd/namesake-sync-resume.service",
            Packaging.folder + "/systemd/namesake-sync.service",
            Packaging.folder + "/systemd/namesake-check.service", Packaging.folder + "/systemd/namesake-check.path")
        let others = ending.complaints.split(separator: "\n").filter {
            $0.contains("namesake") && !$0.contains("is not executable")
        }
        #expect(others.isEmpty, "\(others)")
    }

    @Test(
        "scripts have no fault that shellcheck knows",
        .enabled(if: installed("shellcheck") != nil, "skipped: shellcheck is not installed"))
    func shellcheck() async throws {
        let scripts = [
            "make-packages", "install-build-packages", "install-package-tools", "install-test-clients", "test-deb",
            "test-initramfs", "debian/postinst", "debian/prerm", "debian/postrm",
            "recipes/task-step.sh", "recipes/write-image.sh",
            "initramfs-tools/hooks/namesake", "dracut/90namesake/module-setup.sh", "completions/namesake-agent.bash",
        ]
        let ending = try await RunningProgram(
            "/usr/bin/shellcheck", ["-S", "warning", "-e", "SC1091"] + scripts.map { "\(Packaging.folder)/\($0)" }
        ).ending()
        #expect(ending.status == 0, "\(ending.output)")
    }
}
