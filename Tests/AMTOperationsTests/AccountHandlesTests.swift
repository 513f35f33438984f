import AMTOperations
import LibXML
import Testing
import WSMan

@Suite("Handles of all accounts")
struct AccountHandlesTests {
    /// A firmware with so many accounts, which lists at most so many at once.
    struct Firmware: WSManTransport {
        let total: Int
        let announced: Int
        let atOnce: Int

        func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
            let request: XMLElement
            do { request = try parseXML(envelope) } catch { throw .unsendable("\(error)") }
            let start = request["Body"]?.children.first?["StartIndex"].flatMap { Int($0.text) } ?? 0
            let handles = (start..<(start + atOnce)).filter { $0 <= total }
            let output = element(
                "EnumerateUserAclEntries_OUTPUT", of: Accounts.resource,
                [("TotalCount", "\(announced)"), ("HandlesCount", "\(handles.count)")]
                    + handles.map { ("Handles", "\($0 * 10)") } + [("ReturnValue", "0")])
            let header = XMLElement(
                "Header", in: Namespace.soap,
                children: [
                    XMLElement(
                        "RelatesTo", in: Namespace.addressing, text: request["Header"]?["MessageID"]?.text ?? "")
                ])
            let body = XMLElement("Body", in: Namespace.soap, children: [output])
            do {
                return try XMLElement("Envelope", in: Namespace.soap, children: [header, body]).document()
            } catch { throw .unreadable("\(error)") }
        }
    }

    @Test("are collected over as many answers as it takes", arguments: [0, 1, 3, 7])
    func collected(total: Int) async throws {
        let session = WSManSession(over: Firmware(total: total, announced: total, atOnce: 3))
        #expect(try await session.accountHandles() == (0..<total).map { UInt32($0 + 1) * 10 })
    }

    @Test("are not guessed when the firmware announces more than it lists")
    func announced() async throws {
        let session = WSManSession(over: Firmware(total: 4, announced: 9, atOnce: 3))
        await #expect(throws: WSManFault.self) { try await session.accountHandles() }
    }
}
