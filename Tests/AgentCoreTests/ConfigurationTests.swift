import AgentCore
import AgentTestKit
import Testing
import Vocabulary

@Suite("The agent's settings")
struct ConfigurationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func failure(_ path: String) -> Failure? {
        do throws(Failure) { _ = try AgentConfiguration.read(path) } catch { return error }
        return nil
    }

    @Test("are read")
    func good() throws {
        let path = try folder.write("a", #"{"nameRules":["dhcp","static"],"device":"/dev/mei1"}"#, mode: 0o644)
        let settings = try AgentConfiguration.read(path)
        #expect(settings.nameRules == [.dhcp, .hostnameFile])
        #expect(settings.device == .node("/dev/mei1"))
        let pin = String(repeating: "0a", count: 32)
        let local = try folder.write(
            "b", #"{"localPin":"\#(pin)","localAuthorities":"/a.pem","onDieRoots":"/r.pem"}"#, mode: 0o644)
        let trust = try AgentConfiguration.read(local)
        #expect(trust.localPin == [UInt8](repeating: 10, count: 32))
        #expect(trust.localAuthorities == "/a.pem" && trust.onDieRoots == "/r.pem")
    }

    @Test("are refused when others can write to them", arguments: [0o646, 0o664, 0o666, 0o622] as [UInt32])
    func writable(mode: UInt32) throws {
        let failure = try #require(failure(try folder.write("a", "{}", mode: mode)))
        #expect(failure.hint?.contains("chmod 0") == true)
        #expect(ExitStatus(failure) == .configuration)
    }

    @Test(
        "are refused when they say what nobody understands",
        arguments: [
            "", "[]", #"{"nameRule":["dhcp"]}"#, #"{"nameRules":"dhcp"}"#, #"{"nameRules":[]}"#,
            #"{"nameRules":["x"]}"#,
            #"{"device":""}"#, #"{"device":3}"#, #"{"localPin":"0a"}"#, #"{"localPin":["0a"]}"#, #"{"onDieRoots":""}"#,
        ])
    func unknown(text: String) throws {
        let failure = try #require(failure(try folder.write("a", text)))
        #expect(failure.code == .agentConfigurationUnusable)
        #expect(failure.hint?.contains("nameRules") == true)
    }

    @Test("that were asked for must be there")
    func missing() throws {
        #expect(failure(folder.path + "/none")?.code == .agentConfigurationUnusable)
        #expect(failure(folder.path)?.code == .agentConfigurationUnusable)
    }
}

@Suite("What doctor makes of the clock")
struct ClockTests {
    @Test(
        "is bad before the program was written, and fine after",
        arguments: [(0, false), (946_684_799, false), (1_800_000_000, true)])
    func clock(seconds: Int, fine: Bool) {
        let finding = examineClock(seconds)
        #expect((finding.word == .fine) == fine)
        #expect((finding.remedy == nil) == fine)
    }
}
