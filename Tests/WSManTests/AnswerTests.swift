import LibXML
import Testing
import WSMan

@Suite("An answer")
struct AnswerTests {
    func read(_ text: String, to number: UInt64 = 7) throws(WSManFault) -> XMLElement? {
        try Envelope.answer(Array(text.utf8), to: number)
    }

    func unreadable(_ text: String) throws -> String {
        let fault = try #require(throws: WSManFault.self) { try read(text) }
        guard case .unreadable(let what) = fault else {
            Issue.record("\(fault)")
            return ""
        }
        return what
    }

    @Test("gives the one element of its body, or none")
    func body() throws {
        #expect(try read(answer(to: "7", "<h:X>1</h:X>"))?.text == "1")
        #expect(try read(answer(to: " 7 ", "<h:X/>"))?.name == "X")
        #expect(try read(answer(to: "7", "")) == nil)
    }

    @Test("to another message is not read")
    func relation() throws {
        #expect(try unreadable(answer(to: "8", "<h:X/>")).contains("8"))
        #expect(try unreadable(answer(to: "07", "<h:X/>")).contains("07"))
        let unrelated = answer(to: "7", "<h:X/>").replacing("<b:RelatesTo>7</b:RelatesTo>", with: "")
        #expect(try unreadable(unrelated).contains("none"))
    }

    @Test("that is a fault is thrown as one, its code without the prefix")
    func faults() throws {
        #expect(
            throws: WSManFault.fault(
                subcode: "DestinationUnreachable", reason: "No route can be determined.", detail: nil)
        ) { try read(answer(to: "7", fault("b:DestinationUnreachable", "No route can be determined."))) }
        let detailed = answer(
            to: "7", fault("e:InternalError", "internal", detail: "<x>AMT-STATUS</x> <y>2057</y>"))
        #expect(throws: WSManFault.fault(subcode: "InternalError", reason: "internal", detail: "AMT-STATUS 2057")) {
            try read(detailed)
        }
    }

    @Test("that is a fault may leave out which message it answers, but not name another")
    func unrelatedFault() throws {
        let text = answer(to: "7", fault("a:MustUnderstand", "no"))
        let unrelated = text.replacing("<b:RelatesTo>7</b:RelatesTo>", with: "")
        #expect(throws: WSManFault.fault(subcode: "MustUnderstand", reason: "no", detail: nil)) { try read(unrelated) }
        #expect(try unreadable(answer(to: "6", fault("e:InternalError", "no"))).contains("6"))
    }

    @Test("that is something else is described")
    func otherThings() throws {
        #expect(try unreadable("<!DOCTYPE HTML PUBLIC \"x\"><html>").contains("HTML"))
        #expect(try unreadable("").contains("empty"))
        #expect(try unreadable("<Envelope><Header/><Body/></Envelope>").contains("Envelope"))
        #expect(try unreadable(#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>"#).contains("lacks"))
        #expect(try unreadable(answer(to: "7", "<h:X/><h:Y/>")).contains("2 elements"))
    }

    @Test("is refused at every length but the whole, and never traps")
    func everyPrefix() {
        for text in [answer(to: "7", "<h:X>1</h:X>"), answer(to: "7", fault("e:QuotaLimit", "busy"))] {
            let bytes = Array(text.utf8)
            for length in 0..<bytes.count {
                #expect(throws: WSManFault.self, "\(length) bytes") {
                    try Envelope.answer(Array(bytes.prefix(length)), to: 7)
                }
            }
        }
    }

    @Test("to a method is read only as that method's, and only with a ReturnValue")
    func method() throws {
        func shake(_ body: String) throws(WSManFault) {
            try SampleMethod.output(from: try read(answer(to: "7", body)))
        }
        try shake("<h:Shake_OUTPUT><h:ReturnValue>0</h:ReturnValue></h:Shake_OUTPUT>")
        #expect(
            throws: WSManFault.refused(
                Refusal(method: "AMT_Sample.Shake", word: 7, meaning: "the glass is empty"))
        ) { try shake("<h:Shake_OUTPUT><h:ReturnValue>7</h:ReturnValue></h:Shake_OUTPUT>") }
        #expect(
            throws: WSManFault.refused(Refusal(method: "AMT_Sample.Shake", word: 2057, meaning: "DATA_MISSING"))
        ) { try shake("<h:Shake_OUTPUT><h:ReturnValue>2057</h:ReturnValue></h:Shake_OUTPUT>") }
        #expect(throws: WSManFault.refused(Refusal(method: "AMT_Sample.Shake", word: 99999, meaning: nil))) {
            try shake("<h:Shake_OUTPUT><h:ReturnValue>99999</h:ReturnValue></h:Shake_OUTPUT>")
        }
        for body in [
            "", "<h:Stir_OUTPUT><h:ReturnValue>0</h:ReturnValue></h:Stir_OUTPUT>", "<h:Shake_OUTPUT/>",
            "<h:Shake_OUTPUT><h:ReturnValue/></h:Shake_OUTPUT>",
            "<h:Shake_OUTPUT><h:ReturnValue>-1</h:ReturnValue></h:Shake_OUTPUT>",
            "<g:Shake_OUTPUT><h:ReturnValue>0</h:ReturnValue></g:Shake_OUTPUT>",
        ] {
            let fault = try #require(throws: WSManFault.self) { try shake(body) }
            guard case .unreadable = fault else {
                Issue.record("\(body): \(fault)")
                continue
            }
        }
    }

    @Test("to a Get, a Put or a Delete is read only as what was asked for")
    func transfer() throws {
        func element(_ body: String) throws -> XMLElement? { try read(answer(to: "7", body)) }
        let sample = try element("<h:AMT_Sample><h:Name>x</h:Name></h:AMT_Sample>")
        #expect(try Get<Sample>.output(from: sample).text("Name") == "x")
        #expect(try Put<Sample>.output(from: sample).text("Name") == "x")
        #expect(throws: WSManFault.self) { try Delete<Sample>.output(from: sample) }
        #expect(throws: WSManFault.self) { try Get<Sample>.output(from: nil) }
        #expect(throws: WSManFault.self) { try Put<Sample>.output(from: nil) }
        try Delete<Sample>.output(from: nil)
        let other = try element("<h:AMT_Other/>")
        #expect(throws: WSManFault.self) { try Get<Sample>.output(from: other) }
    }
}
