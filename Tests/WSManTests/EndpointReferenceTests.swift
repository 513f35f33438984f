import LibXML
import Testing
import WSMan

@Suite("An endpoint reference")
struct EndpointReferenceTests {
    let inner = EndpointReference(.amt("Certificate"), [Selector("InstanceID", "Handle: 1")])

    @Test("is written and read again as the same value, references inside selectors included")
    func roundTrip() throws {
        let outer = EndpointReference(.amt("Context"), [Selector("Element", inner), Selector("Name", "x")])
        #expect(try EndpointReference(XMLElement("Created", children: outer.content)) == outer)
    }

    @Test("gives a key of an instance of the class that is asked for, and of no other")
    func keys() throws {
        #expect(try inner.key("InstanceID", of: .amt("Certificate")) == "Handle: 1")
        #expect(throws: WSManFault.self) { try inner.key("InstanceID", of: .amt("Key")) }
        #expect(throws: WSManFault.self) { try inner.key("Name", of: .amt("Certificate")) }
    }

    /// What firmware answers beside a ReturnValue that is not 0.
    @Test("to nothing is refused")
    func placeholder() throws {
        let placeholder = XMLElement(
            "KeyPair",
            children: [
                XMLElement("Address", in: Namespace.addressing, text: "default"),
                XMLElement(
                    "ReferenceParameters", in: Namespace.addressing,
                    children: [
                        XMLElement("ResourceURI", in: Namespace.management),
                        XMLElement("SelectorSet", in: Namespace.management),
                    ]),
            ])
        #expect(throws: WSManFault.self) { try EndpointReference(placeholder) }
        #expect(throws: WSManFault.self) { try EndpointReference(XMLElement("KeyPair")) }
    }

    @Test("with a selector that has no name is refused")
    func namelessSelector() throws {
        let set = XMLElement("SelectorSet", children: [XMLElement("Selector", text: "x")])
        let element = XMLElement(
            "KeyPair",
            children: [XMLElement("ReferenceParameters", children: [XMLElement("ResourceURI", text: "urn:x"), set])])
        #expect(throws: WSManFault.self) { try EndpointReference(element) }
    }
}
