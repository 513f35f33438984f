import LibXML
import Testing

@Suite("Writing XML")
struct SerialisationTests {
    let soap = "http://www.w3.org/2003/05/soap-envelope"

    @Test("declares what it is told first, in that order, then what is needed")
    func prefixes() throws {
        let envelope = XMLElement(
            "Envelope", in: soap,
            children: [
                XMLElement("To", in: "urn:addressing", text: "/wsman"),
                XMLElement("Empty", in: soap),
                XMLElement("Settings", in: "urn:class", children: [XMLElement("Name", in: "urn:class", text: "pc7")]),
                XMLElement("Enumerate", in: "urn:enumeration", children: [XMLElement("Max", in: "urn:enumeration")]),
                XMLElement("Odd", in: "urn:odd", children: [XMLElement("Odder", in: "urn:odder")]),
                XMLElement("Bare"),
            ])
        let document = try envelope.document(
            declaring: [XMLPrefix("a", "urn:addressing"), XMLPrefix("", soap)],
            preferring: [XMLPrefix("h", "urn:class"), XMLPrefix("", "urn:enumeration")])
        #expect(
            String(decoding: document, as: UTF8.self) == """
                <?xml version="1.0" encoding="utf-8"?>\
                <Envelope xmlns:a="urn:addressing" xmlns="http://www.w3.org/2003/05/soap-envelope">\
                <a:To>/wsman</a:To><Empty></Empty>\
                <h:Settings xmlns:h="urn:class"><h:Name>pc7</h:Name></h:Settings>\
                <Enumerate xmlns="urn:enumeration"><Max></Max></Enumerate>\
                <n1:Odd xmlns:n1="urn:odd"><n2:Odder xmlns:n2="urn:odder"></n2:Odder></n1:Odd>\
                <Bare xmlns=""></Bare></Envelope>
                """)
        #expect(try parseXML(document) == envelope)
    }

    @Test("escapes text and attributes so that they come back as they were")
    func escapes() throws {
        let text = "<&>\"'\r\n\t]]> ä 😀 \u{7F}\u{85}"
        let element = XMLElement(
            "a", attributes: [XMLAttribute("b", value: text), XMLAttribute("lang", in: "urn:x", value: text)],
            text: text)
        #expect(try parseXML(try element.document()) == element)
        #expect(try parseXML(try element.document(declaring: [XMLPrefix("", "urn:x")])) == element)
    }

    @Test("refuses a character that XML cannot say, and names the element but not the value")
    func impossible() throws {
        for character in ["\u{0}", "\u{1B}", "\u{FFFE}", "\u{FFFF}"] {
            let element = XMLElement("a", children: [XMLElement("Password", text: "s3cret" + character)])
            let fault = try #require(throws: XMLFault.self) { try element.document() }
            #expect(fault == .characterNotAllowed(element: "Password"))
            #expect(!"\(fault)".contains("s3cret"))
        }
    }

    @Test("keeps elements apart that share a prefix with an attribute's namespace")
    func sameNamespace() throws {
        let element = XMLElement(
            "a", in: "urn:x", attributes: [XMLAttribute("b", in: "urn:x", value: "1")],
            children: [XMLElement("c", in: "urn:x")])
        let document = try element.document(preferring: [XMLPrefix("", "urn:x")])
        #expect(try parseXML(document) == element)
    }
}
