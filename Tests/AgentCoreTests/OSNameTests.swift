import AgentCore
import Testing
import Vocabulary

@Suite("The operating system's name")
struct OSNameTests {
    private func sources(
        override: String? = nil, file: String? = nil, kernel: String? = nil, canonical: String? = nil
    ) -> NameSources {
        NameSources(
            override: override, hostnameFile: { file }, kernel: { kernel },
            canonical: { _ in canonical.map { .text($0) } ?? .nothing("unknown") })
    }

    @Test("is what the person says before all else")
    func override() throws {
        let found = try findOSName(
            sources(override: "PC9.Example.COM.", file: "pc1.example.com", kernel: "pc2.example.com"))
        #expect(found == OSName(name: try Hostname("pc9.example.com"), rule: .override))
    }

    @Test("is the first qualified name of file, kernel and resolver, and the report says which")
    func order() throws {
        let all = sources(file: "pc1.example.com\n", kernel: "pc2.example.com", canonical: "pc3.example.com")
        #expect(try findOSName(all).rule == .hostnameFile)
        #expect(try findOSName(all).name.text == "pc1.example.com")
        let short = sources(file: "pc1\n", kernel: "pc2.example.com", canonical: "pc3.example.com")
        #expect(try findOSName(short).rule == .kernel)
        let shorter = try findOSName(sources(file: "pc1\n", kernel: "pc1", canonical: "pc1.example.com"))
        #expect(shorter.rule == .resolver)
        #expect(shorter.passedOver.map(\.rule) == [.hostnameFile, .kernel])
        let last = NameSources(
            hostnameFile: { "pc1" }, realm: { .text("\($0).ad.example.com") }, dhcpDomain: { .text("lan.example.com") })
        #expect(try findOSName(last).name.text == "pc1.ad.example.com")
        var reversed = last
        reversed.order = [.dhcp, .realm, .hostnameFile]
        #expect(try findOSName(reversed) == OSName(name: try Hostname("pc1.lan.example.com"), rule: .dhcp))
    }

    @Test("does not ask the resolver while another rule decides")
    func lazily() throws {
        let quiet = NameSources(
            hostnameFile: { "pc1.example.com" }, kernel: { "pc1" },
            canonical: { _ in
                Issue.record("the resolver was asked")
                return .nothing("")
            })
        _ = try findOSName(quiet)
    }

    @Test(
        "is never one that every machine has, a single label, an address or no host name",
        arguments: [
            "localhost", "localhost.localdomain", "LOCALHOST.example.com", "ip6-localhost.x", "pc1", "127.0.1.1",
            "pc_1.example.com", "-pc.example.com", "a..b", ".", String(repeating: "a.", count: 127) + "aaa", "pc 1.x",
            "pc\u{0}.example.com", "🖥.example.com", "u\u{308}.example.com", "Ⅳ.example.com",
        ])
    func unfit(text: String) {
        #expect(throws: Failure.self) { try findOSName(sources(kernel: "pc1", canonical: text)) }
        #expect(throws: Failure.self) { try findOSName(sources(override: text)) }
    }

    @Test("skips comments and empty lines of /etc/hostname")
    func comments() throws {
        #expect(try findOSName(sources(file: "\n# a comment\n  pc1.example.com  \n")).name.text == "pc1.example.com")
    }

    @Test("that cannot be found is a failure with a line for each rule and what to do")
    func unknown() throws {
        let failure = try #require(throws: Failure.self) { try findOSName(sources(file: "pc1", kernel: "pc1")) }
        #expect(failure.code == .osNameUnknown)
        #expect(NameRule.allCases.dropFirst().allSatisfy { failure.message.contains($0.rawValue) })
        #expect(failure.hint?.contains("hostnamectl") == true)
        #expect(ExitStatus(failure) == .configuration)
    }

    @Test("given wrongly is a usage error, not passed over")
    func wrongOverride() throws {
        let failure = try #require(throws: Failure.self) {
            try findOSName(sources(override: "pc1\u{1B}[2J", file: "pc1.example.com"))
        }
        #expect(ExitStatus(failure) == .usage)
        #expect(!failure.message.contains("\u{1B}"))
    }
}
