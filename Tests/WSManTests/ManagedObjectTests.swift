import LibXML
import Testing
import WSMan

@Suite("A managed object")
struct ManagedObjectTests {
    let uri = Sample.resource.uri

    func object(_ properties: [(String, String)]) -> ManagedObject {
        ManagedObject(Sample.resource, properties: properties.map { XMLElement($0.0, in: uri, text: $0.1) })
    }

    func listed(_ object: ManagedObject) -> [String] { object.properties.map { "\($0.name)=\($0.text)" } }

    @Test("changes a property where it stands")
    func inPlace() {
        var object = object([("A", "1"), ("Z", "2"), ("B", "3")])
        object.set("Z", to: "9")
        #expect(listed(object) == ["A=1", "Z=9", "B=3"])
    }

    @Test("puts a new property where the alphabet has it, capitals first")
    func insertion() {
        var object = object([("DDNSTTL", "1"), ("DHCPSync", "2"), ("DomainName", "3")])
        object.set("DHCPv6", to: "n")
        object.set("AMT", to: "n")
        object.set("Wsman", to: "n")
        #expect(listed(object) == ["AMT=n", "DDNSTTL=1", "DHCPSync=2", "DHCPv6=n", "DomainName=3", "Wsman=n"])
    }

    @Test("replaces a list as a whole, and removes it when it is empty")
    func lists() {
        var object = object([("A", "1"), ("CN", "x"), ("CN", "y"), ("D", "2")])
        #expect(object.texts("CN") == ["x", "y"])
        object.set("CN", to: ["p", "q", "r"])
        #expect(listed(object) == ["A=1", "CN=p", "CN=q", "CN=r", "D=2"])
        object.set("CN", to: [])
        #expect(listed(object) == ["A=1", "D=2"])
        object.set("A", to: nil)
        #expect(listed(object) == ["D=2"])
    }

    @Test("reads numbers and flags, and checks them")
    func types() throws {
        let object = object([("N", "4294967295"), ("T", "true"), ("F", "0"), ("X", "maybe")])
        #expect(object.number("N") == .max)
        #expect(object.flag("T") == true)
        #expect(object.flag("F") == false)
        #expect(object.number("X") == nil)
        #expect(object.flag("X") == nil)
        #expect(object.text("absent") == nil)
        try object.check(numbers: ["N", "absent"], flags: ["T", "F", "absent"], texts: ["X"])
        for check: (ManagedObject) throws -> Void in [
            { try $0.check(numbers: ["X"]) }, { try $0.check(flags: ["X"]) }, { try $0.check(texts: ["absent"]) },
        ] {
            let fault = try #require(throws: WSManFault.self) { try check(object) }
            #expect("\(fault)".contains("AMT_Sample"))
        }
    }

    @Test("is read from an instance of its own class only")
    func otherClass() throws {
        #expect(throws: WSManFault.self) {
            try ManagedObject(XMLElement("AMT_Other", in: uri), of: Sample.resource)
        }
        #expect(throws: WSManFault.self) {
            try ManagedObject(XMLElement("AMT_Sample", in: "urn:other"), of: Sample.resource)
        }
    }
}
