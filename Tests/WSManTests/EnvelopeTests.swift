import LibXML
import Testing
import WSMan

@Suite("A request's envelope")
struct EnvelopeTests {
    /// Everything up to the action, the same in every request.
    let head = """
        <?xml version="1.0" encoding="utf-8"?><Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
        xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
        xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns="http://www.w3.org/2003/05/soap-envelope">\
        <Header><a:Action>
        """
    /// From the action to the number.
    let middle = """
        </a:Action><a:To>/wsman</a:To>\
        <w:ResourceURI>http://intel.com/wbem/wscim/1/amt-schema/1/AMT_Sample</w:ResourceURI><a:MessageID>
        """
    /// From the number on.
    let tail = """
        </a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>\
        </a:ReplyTo><w:OperationTimeout>PT60S</w:OperationTimeout>
        """

    func text<Operation: WSManOperation>(_ operation: Operation, _ number: UInt64 = 7) throws -> String {
        String(decoding: try Envelope.request(operation, messageID: number), as: UTF8.self)
    }

    @Test("of a Get has an empty body")
    func get() throws {
        #expect(
            try text(Get<Sample>()) == head + "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get" + middle + "7" + tail
                + "</Header><Body></Body></Envelope>")
    }

    @Test("names an instance after the timeout, by text and by reference")
    func selectors() throws {
        let reference = EndpointReference(.cim("Other"), [Selector("Name", "x & y")])
        #expect(
            try text(Delete<Sample>([Selector("InstanceID", "Intel(r): 1"), Selector("Context", reference)]), 0) == head
                + "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete" + middle + "0" + tail + """
                    <w:SelectorSet><w:Selector Name="InstanceID">Intel(r): 1</w:Selector><w:Selector Name="Context">\
                    <a:EndpointReference>\
                    <a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>\
                    <a:ReferenceParameters>\
                    <w:ResourceURI>http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Other</w:ResourceURI>\
                    <w:SelectorSet><w:Selector Name="Name">x &amp; y</w:Selector></w:SelectorSet></a:ReferenceParameters>\
                    </a:EndpointReference></w:Selector></w:SelectorSet></Header><Body></Body></Envelope>
                    """)
    }

    @Test("of a method holds its parameters in their order, in the class's namespace")
    func method() throws {
        #expect(
            try text(SampleMethod()) == head + "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_Sample/Shake" + middle
                + "7"
                + tail + """
                    </Header><Body><h:Shake_INPUT xmlns:h="http://intel.com/wbem/wscim/1/amt-schema/1/AMT_Sample">\
                    <h:First>a &lt; b</h:First><h:Second>2</h:Second></h:Shake_INPUT></Body></Envelope>
                    """)
    }

    @Test("of an enumeration and of its pulls")
    func enumeration() throws {
        let enumerate = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
        #expect(
            try text(Enumerate<Sample>()) == head + enumerate + "/Enumerate" + middle + "7" + tail
                + "</Header><Body><Enumerate xmlns=\"\(enumerate)\"></Enumerate></Body></Envelope>")
        #expect(
            try text(Pull<Sample>("14000000-0000-0000-0000-000000000000"), 12) == head + enumerate + "/Pull" + middle
                + "12" + tail + """
                    </Header><Body><Pull xmlns="\(enumerate)">\
                    <EnumerationContext>14000000-0000-0000-0000-000000000000</EnumerationContext>\
                    <MaxElements>999</MaxElements><MaxCharacters>99999</MaxCharacters></Pull></Body></Envelope>
                    """)
    }

    @Test("of a Put holds every property, also those of other namespaces")
    func put() throws {
        let date = XMLElement(
            "When", in: Sample.resource.uri,
            children: [
                XMLElement("Datetime", in: "http://schemas.dmtf.org/wbem/wscim/1/common", text: "2018-08-09T15:45:00Z")
            ])
        let object = ManagedObject(
            Sample.resource, properties: [XMLElement("Name", in: Sample.resource.uri), date])
        #expect(
            try text(Put<Sample>(object, [Selector("InstanceID", "0")])) == head
                + "http://schemas.xmlsoap.org/ws/2004/09/transfer/Put" + middle + "7" + tail + """
                    <w:SelectorSet><w:Selector Name="InstanceID">0</w:Selector></w:SelectorSet></Header>\
                    <Body><h:AMT_Sample xmlns:h="http://intel.com/wbem/wscim/1/amt-schema/1/AMT_Sample"><h:Name></h:Name>\
                    <h:When><n1:Datetime xmlns:n1="http://schemas.dmtf.org/wbem/wscim/1/common">2018-08-09T15:45:00Z\
                    </n1:Datetime></h:When></h:AMT_Sample></Body></Envelope>
                    """)
    }

    @Test("is not made of what XML cannot say or firmware does not take, and the value is not told")
    func unsendable() throws {
        let impossible = try #require(throws: WSManFault.self) { try text(SampleMethod(text: "s3cret\u{1}")) }
        guard case .unsendable(let why) = impossible else {
            Issue.record("\(impossible)")
            return
        }
        #expect(why.contains("AMT_Sample.Shake"))
        #expect(why.contains("First"))
        #expect(!why.contains("s3cret"))
        let large = try #require(throws: WSManFault.self) {
            try text(SampleMethod(text: String(repeating: "x", count: Envelope.largestRequest)))
        }
        guard case .unsendable(let size) = large else {
            Issue.record("\(large)")
            return
        }
        #expect(size.contains("\(Envelope.largestRequest)"))
    }
}
