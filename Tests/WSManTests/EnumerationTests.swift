import LibXML
import Testing
import WSMan

@Suite("An enumeration")
struct EnumerationTests {
    static let opened = """
        <g:EnumerateResponse><g:EnumerationContext>14000000-0</g:EnumerationContext></g:EnumerateResponse>
        """

    static func page(_ names: [String], context: String? = nil, ends: Bool) -> String {
        "<g:PullResponse>" + (context.map { "<g:EnumerationContext>\($0)</g:EnumerationContext>" } ?? "") + "<g:Items>"
            + names.map { "<h:AMT_Sample><h:Name>\($0)</h:Name></h:AMT_Sample>" }.joined() + "</g:Items>"
            + (ends ? "<g:EndOfSequence></g:EndOfSequence>" : "") + "</g:PullResponse>"
    }

    /// A firmware whose pulls bring these bodies, the last one again and again.
    func firmware(_ pages: [String]) -> ScriptedFirmware {
        let script = Script(pages)
        return ScriptedFirmware { request in
            answer(to: request.messageID, request.verb == "Enumerate" ? Self.opened : script.next())
        }
    }

    func names(_ firmware: ScriptedFirmware) async throws(WSManFault) -> [String?] {
        try await WSManSession(over: firmware).enumerate(Sample.self).map { $0.text("Name") }
    }

    func contexts(_ firmware: ScriptedFirmware) async -> [String?] {
        await firmware.requests.filter { $0.verb == "Pull" }
            .map { $0["Body"]?["Pull"]?["EnumerationContext"]?.text }
    }

    @Test("ends where the answer says so")
    func one() async throws {
        let firmware = firmware([Self.page(["a", "b"], ends: true)])
        #expect(try await names(firmware) == ["a", "b"])
        #expect(await contexts(firmware) == ["14000000-0"])
        let empty = self.firmware([Self.page([], ends: true)])
        #expect(try await names(empty) == [])
    }

    @Test("goes on with the context that an unfinished answer brings, or with its own")
    func several() async throws {
        let firmware = firmware([
            Self.page(["a"], context: "15000000-0", ends: false), Self.page(["b"], ends: false),
            Self.page(["c"], ends: true),
        ])
        #expect(try await names(firmware) == ["a", "b", "c"])
        #expect(await contexts(firmware) == ["14000000-0", "15000000-0", "15000000-0"])
    }

    @Test("ends at an empty answer that names no end")
    func emptyPage() async throws {
        let firmware = firmware([Self.page(["a"], context: "x", ends: false), Self.page([], context: "x", ends: false)])
        #expect(try await names(firmware) == ["a"])
    }

    @Test("ends where the firmware has forgotten the context, but only after it brought something")
    func forgotten() async throws {
        let forgotten = fault("c:InvalidEnumerationContext", "unknown")
        let after = firmware([Self.page(["a"], context: "x", ends: false), forgotten])
        #expect(try await names(after) == ["a"])
        await #expect(throws: WSManFault.fault(subcode: "InvalidEnumerationContext", reason: "unknown", detail: nil)) {
            try await names(firmware([forgotten]))
        }
        await #expect(throws: WSManFault.fault(subcode: "QuotaLimit", reason: "busy", detail: nil)) {
            try await names(
                firmware([Self.page(["a"], context: "x", ends: false), fault("e:QuotaLimit", "busy")]))
        }
    }

    @Test("that never ends is given up")
    func endless() async throws {
        let firmware = firmware([Self.page(["a"], context: "x", ends: false)])
        await #expect(throws: WSManFault.self) { try await names(firmware) }
        #expect(await firmware.requests.count == WSManSession.mostPulls + 1)
    }

    @Test("takes no instance of another class, and nothing that is no pull's answer")
    func strangers() async throws {
        for body in [
            "<g:PullResponse><g:Items><h:AMT_Other/></g:Items><g:EndOfSequence/></g:PullResponse>",
            "<h:PullResponse/>", Self.opened, "",
        ] { await #expect(throws: WSManFault.self) { try await names(firmware([body])) } }
    }

    @Test("that is not opened is an error")
    func notOpened() async throws {
        for body in ["<g:EnumerateResponse/>", "<h:EnumerateResponse/>", ""] {
            let firmware = ScriptedFirmware { request in answer(to: request.messageID, body) }
            await #expect(throws: WSManFault.self) { try await names(firmware) }
        }
    }
}

/// Bodies one after the other, the last one for ever.
private final class Script: Sendable {
    private let bodies: [String]
    private let place = Counter()

    init(_ bodies: [String]) { self.bodies = bodies }

    func next() -> String { bodies[min(place.next(), bodies.count - 1)] }
}
