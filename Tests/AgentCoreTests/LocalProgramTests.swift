import AgentTestKit
import FoundationEssentials
import Glibc
import Reconciliation
import Testing
import Vocabulary
import Wire

@testable import AgentCore

/// The program is a script here, which is told nothing but the nonce.
@Suite("The program for the firmware's own WS-Man")
struct LocalProgramTests {
    private func program(_ script: String, patience: Duration = .seconds(60)) throws -> (LocalProgram, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        let path = try folder.write("program", "#!/bin/sh\n\(script)\n", mode: 0o700)
        return (LocalProgram(path, ["board-proof"], patience: patience), folder)
    }

    @Test("gets the nonce in one line, the arguments and no environment; its answer is taken as it is")
    func answer() throws {
        let (program, folder) = try program(
            #"read nonce; printf '{"wireVersion":1,"problem":"%s %s %s"}' "$nonce" "$1" "${HOME:-bare}"; echo noise >&2"#
        )
        #expect(program.prove(nonce: "AQID").problem == "AQID board-proof bare")
        withExtendedLifetime(folder) {}
    }

    @Test("has no signal blocked, although the thread that starts it may block all")
    func signals() throws {
        let (program, folder) = try program(
            #"blocked=$(sed -n 's/^SigBlk:[[:space:]]*//p' /proc/self/status); printf '{"wireVersion":1,"problem":"%s"}' "$blocked""#
        )
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        #expect(program.prove(nonce: "AQID").problem == "0000000000000000")
        withExtendedLifetime(folder) {}
    }

    @Test("its names are read, of its failure too, and what is no answer is no name")
    func names() throws {
        let cases: [(script: String, words: String)] = [
            (#"echo '{"failure":{"code":"x","message":"the firmware is silent"}}'; exit 1"#, "the firmware is silent"),
            ("echo nonsense", "nothing that can be read"), ("exit 3", "status 3 "),
        ]
        for (script, words) in cases {
            let (program, folder) = try program(script)
            guard case .unreadable(let reason) = program.names().hostOSFQDN else {
                Issue.record("\(script) was taken for a name")
                continue
            }
            #expect(reason.contains(words), "\(script): \(reason)")
            withExtendedLifetime(folder) {}
        }
    }

    @Test("that is missing, fails, says nonsense or too much, or does not end is a reason and no proof")
    func bad() throws {
        let cases: [(script: String, words: String)] = [
            ("exit 13", "status 13 "), ("echo nonsense", "are no answer"), ("kill -9 $$", "signal 9"),
            ("head -c 100000 /dev/zero; exec sleep 60", "gave no answer in"), ("exec >&-; exit 0", "status 0 "),
        ]
        for (script, words) in cases {
            let (program, folder) = try program(script)
            let problem = try #require(program.prove(nonce: "AQID").problem)
            #expect(problem.contains(words), "\(script): \(problem)")
            withExtendedLifetime(folder) {}
        }
        let (slow, folder) = try program("exec sleep 600", patience: .milliseconds(200))
        #expect(slow.prove(nonce: "AQID").problem?.contains("gave no answer") == true)
        withExtendedLifetime(folder) {}
        #expect(LocalProgram("/nonexistent/program", []).prove(nonce: "AQID").problem?.contains("is not there") == true)
    }
}
