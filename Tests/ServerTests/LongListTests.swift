import Fleet
import Foundation
import StorageSQLite
import TestKit
import Testing
import Vocabulary

@Suite("A server with thousands of machines")
struct LongListTests {
    @Test("lists every one of them, as a table and as JSON; one that is stopped answers nothing")
    func list() async throws {
        try await withTemporaryFolder { folder in
            let site = try await Site(in: folder, provisions: false)
            let count = 3000
            try await site.crashServer {
                let store = try SQLiteStore(path: "\(folder)/server/store.sqlite")
                for number in 0..<count {
                    let end = String(1_000_000 + number)
                    let machine = try #require(MachineID("aaaaaaaa-bbbb-cccc-dddd-eeeee\(end)"))
                    let name = try Hostname("pc-\(number).corp.example.test")
                    _ = try await store.change(machine) { (record: inout DeviceRecord?) in
                        record = DeviceRecord(
                            machine: machine, temporaryHostname: "pc-\(number)", name: name, address: "127.0.0.1",
                            now: 1)
                        record?.note = String(repeating: "a note of a person ", count: 20)
                    }
                }
            }
            let json = try await site.console("devices", "list", "--json")
            #expect(json.status == 0 && json.output.utf8.count > 1 << 20, "\(json.output.prefix(500))")
            #expect(json.output.matches(of: /pc-\d+\.corp/).count >= count)
            let table = try await site.console("devices", "list").output
            #expect(table.split(separator: "\n").count { $0.contains("eeeee1") } == count)
            await site.stop()
            let gone = try await site.console("devices", "list")
            #expect(gone.status != 0 && gone.output.contains("no server answers"), "\(gone.output)")
        }
    }
}
