import LibXML
import Testing
import WSMan

@Suite("A session")
struct SessionTests {
    static let done = "<h:Shake_OUTPUT><h:ReturnValue>0</h:ReturnValue></h:Shake_OUTPUT>"

    @Test("numbers its messages from 1 and reads the answer to each")
    func numbers() async throws {
        let firmware = ScriptedFirmware { request in answer(to: request.messageID, Self.done) }
        let session = WSManSession(over: firmware)
        for _ in 0..<3 { try await session.perform(SampleMethod()) }
        #expect(await firmware.requests.map(\.messageID) == ["1", "2", "3"])
    }

    @Test("does not take the answer to its last message for that to this one")
    func stale() async throws {
        let session = WSManSession(over: ScriptedFirmware { _ in answer(to: "1", Self.done) })
        try await session.perform(SampleMethod())
        await #expect(throws: WSManFault.self) { try await session.perform(SampleMethod()) }
    }

    @Test("hands on what the transport throws")
    func trouble() async throws {
        let session = WSManSession(
            over: ScriptedFirmware { _ throws(WSManFault) in throw .unreachable("connection reset") })
        await #expect(throws: WSManFault.unreachable("connection reset")) {
            try await session.perform(SampleMethod())
        }
    }

    @Test("has one request in flight, however many callers there are")
    func oneAtATime() async throws {
        let firmware = ScriptedFirmware { request in answer(to: request.messageID, Self.done) }
        let session = WSManSession(over: firmware)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { try await session.perform(SampleMethod()) } }
            try await group.waitForAll()
        }
        #expect(await firmware.mostInside == 1)
        #expect(await firmware.requests.count == 20)
    }

    @Test("sends nothing for a caller that was cancelled while it queued, and goes on with the others")
    func cancelled() async throws {
        let gate = Gate()
        let session = WSManSession(over: GatedFirmware(gate: gate))
        let first = Task { try await session.perform(SampleMethod(text: "first")) }
        await gate.someoneIsInside()
        let second = Task { try await session.perform(SampleMethod(text: "second")) }
        let third = Task { try await session.perform(SampleMethod(text: "third")) }
        second.cancel()
        let fault = await #expect(throws: WSManFault.self) { try await second.value }
        guard case .notSent? = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        await gate.open()
        try await first.value
        try await third.value
        #expect(await gate.passed == ["first", "third"])
    }
}

/// Holds whoever is inside until it is opened.
private actor Gate {
    private(set) var passed: [String] = []
    private var isOpen = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []
    private var entered = false

    func pass(_ name: String) async {
        passed.append(name)
        entered = true
        for watcher in watchers { watcher.resume() }
        watchers = []
        if !isOpen { await withCheckedContinuation { held.append($0) } }
    }

    func someoneIsInside() async {
        if !entered { await withCheckedContinuation { watchers.append($0) } }
    }

    func open() {
        isOpen = true
        for caller in held { caller.resume() }
        held = []
    }
}

private struct GatedFirmware: WSManTransport {
    let gate: Gate

    func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        let request: XMLElement
        do { request = try parseXML(envelope) } catch { throw .unsendable("\(error)") }
        await gate.pass(request["Body"]?.children.first?["First"]?.text ?? "")
        return Array(answer(to: request.messageID, SessionTests.done).utf8)
    }
}
