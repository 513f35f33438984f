import Fleet
import Testing
import Vocabulary

@Suite("The rules of collections")
struct CollectionRulesTests {
    static func record(_ change: (inout DeviceRecord) throws -> Void = { _ in }) throws -> DeviceRecord {
        let machine = try #require(MachineID("939b524b-13d4-1d18-e487-1c697a6b7a2b"))
        let label = temporaryHostname(for: machine)
        let name = try Hostname("\(label).corp.example.test")
        var record = DeviceRecord(machine: machine, temporaryHostname: label, name: name, address: "127.0.0.2", now: 0)
        record.stage = .managed
        record.firmware = ProvisionedFirmware(
            name: name, hostOSFQDN: nil, digestRealm: "Digest:0", pin: "", certificate: "", certificateID: "",
            keyPairID: "", account: nil, adminProved: 1, provedAt: 1)
        record.disks = .blank
        try change(&record)
        return record
    }

    @Test("only a machine that we provisioned, that has no name yet and whose disks are proved blank is ready to build")
    func ready() throws {
        #expect(try Self.record().collection == .readyToBuild)
        #expect(try Self.record { $0.disks = nil }.collection == .staged, "nobody has looked")
        for found in [PriorInstall.factory, .unknown, .prior] {
            #expect(try Self.record { $0.disks = found }.collection == .held)
        }
        #expect(try Self.record { $0.firmware?.adminProved = nil }.collection == .staged, "not proved to the end")
        #expect(try Self.record { $0.firmware = nil }.collection == .staged, "somebody else may have provisioned it")
        #expect(try Self.record { $0.stage = .held }.collection == .held)
        #expect(try Self.record { $0.twins = ["127.0.0.2", "127.0.0.3"] }.collection == .held)
        let named = try Self.record { $0.name = try Hostname("ws-1.corp.example.test") }
        #expect(named.collection == .managed, "an operating system is installed: blank or not, it is not built over")
        #expect(try Self.record { $0.buildBegan = 2 }.collection == .building)
    }

    @Test("each has a rule that people can read")
    func rules() {
        #expect(Set(Collection.allCases.map(\.rule)).count == 5)
    }
}
