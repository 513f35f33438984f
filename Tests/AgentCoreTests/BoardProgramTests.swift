import AgentTestKit
import FoundationEssentials
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentCore

/// The program is a script here, which is told nothing but the nonce.
@Suite("The program for the firmware's own WS-Man")
struct BoardProgramTests {
    private func program(_ script: String, patience: Duration = .seconds(60)) throws -> (BoardProgram, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        let path = try folder.write("program", "#!/bin/sh\n\(script)\n", mode: 0o700)
        return (BoardProgram(path, ["board-proof"], patience: patience), folder)
    }

    @Test("gets the nonce in one line, the arguments and no environment; its answer is taken as it is")
    func answer() throws {
        let (program, folder) = try program(
            #"read nonce; printf '{"wireVersion":1,"problem":"%s %s %s"}' "$nonce" "$1" "${HOME:-bare}"; echo noise >&2"#
        )
        #expect(program.prove(nonce: "AQID").problem == "AQID board-proof bare")
        withExtendedLifetime(folder) {}
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
        #expect(BoardProgram("/nonexistent/program", []).prove(nonce: "AQID").problem?.contains("is not there") == true)
    }
}
