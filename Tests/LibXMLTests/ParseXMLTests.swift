import LibXML
import Testing

@Suite("Reading XML")
struct ParseXMLTests {
    @Test("keeps names, namespaces, attributes, text and order")
    func everything() throws {
        let root = try parse(
            #"""
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a note --><a:Envelope xmlns:a="urn:soap" xmlns="urn:default">
                <Item a:must="true" plain="1 &lt; 2">ä &amp; &#x42;<![CDATA[<raw>]]></Item>
                <a:Other/><?tool ignored?>
                <Item xmlns="">last</Item>
            </a:Envelope>
            """#)
        #expect(
            root
                == XMLElement(
                    "Envelope", in: "urn:soap",
                    children: [
                        XMLElement(
                            "Item", in: "urn:default",
                            attributes: [
                                XMLAttribute("must", in: "urn:soap", value: "true"),
                                XMLAttribute("plain", value: "1 < 2"),
                            ], text: "ä & B<raw>"),
                        XMLElement("Other", in: "urn:soap"),
                        XMLElement("Item", text: "last"),
                    ]))
        #expect(root["Item"]?.text == "ä & B<raw>")
        #expect(root["Item"]?.attribute("must") == "true")
        #expect(root.all("Item").map(\.text) == ["ä & B<raw>", "last"])
        #expect(root["Nothing"] == nil)
        #expect(root.attribute("nothing") == nil)
    }

    @Test("keeps white space that is the whole text of an element")
    func whiteSpace() throws {
        #expect(try parse("<a> \n </a>").text == " \n ")
        #expect(try parse("<a> <b/> </a>").text == "")
        #expect(try parse("<a>x <b/> y</a>").text == "x  y")
    }

    @Test("takes other encodings, and a byte order mark")
    func encodings() throws {
        #expect(try parseXML([0xEF, 0xBB, 0xBF] + Array("<a>ü</a>".utf8)).text == "ü")
        let latin = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xFC] + Array("</a>".utf8)
        #expect(try parseXML(latin).text == "ü")
        var wide: [UInt8] = [0xFF, 0xFE]
        for unit in "<a>ü</a>".utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(try parseXML(wide).text == "ü")
    }

    @Test(
        "refuses every document type",
        arguments: [
            "<!DOCTYPE a><a/>",
            "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1:9/x.dtd'><a/>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><a/>",
            "<!DOCTYPE a [<!ATTLIST a b CDATA 'planted'>]><a/>",
        ])
    func documentTypes(document: String) {
        #expect(throws: XMLFault.doctypeRefused) { try parse(document) }
    }

    @Test("refuses entity bombs before an entity is looked at")
    func bombs() {
        var laughs = "<!DOCTYPE a [<!ENTITY l0 'lol'>"
        for level in 1...30 {
            laughs += "<!ENTITY l\(level) '" + String(repeating: "&l\(level - 1);", count: 10) + "'>"
        }
        #expect(throws: XMLFault.doctypeRefused) { try parse(laughs + "]><a b='&l30;'>&l30;</a>") }
        let block = String(repeating: "x", count: 100_000)
        let quadratic = "<!DOCTYPE a [<!ENTITY b '\(block)'>]><a>" + String(repeating: "&b;", count: 1000) + "</a>"
        #expect(throws: XMLFault.doctypeRefused) { try parse(quadratic) }
        // Damaged after the document type: the document type is still the reason that is given.
        #expect(throws: XMLFault.doctypeRefused) { try parse("<!DOCTYPE a [<!ENTITY") }
    }

    @Test("knows no entity but the five of XML itself")
    func unknownEntity() throws {
        #expect(try parse("<a>&lt;&gt;&amp;&quot;&apos;</a>").text == #"<>&"'"#)
        let fault = try #require(throws: XMLFault.self) { try parse("<a>&nbsp;</a>") }
        #expect("\(fault)".contains("nbsp"))
    }

    @Test("follows 64 levels and no more")
    func depth() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "<a>", count: levels) + String(repeating: "</a>", count: levels)
        }
        var innermost = try parse(nested(deepestXML))
        while let child = innermost["a"] { innermost = child }
        #expect(innermost == XMLElement("a"))
        #expect(throws: XMLFault.tooDeep(limit: deepestXML)) { try parse(nested(deepestXML + 1)) }
        #expect(throws: XMLFault.self) { try parse(nested(100_000)) }
    }

    @Test("refuses a document over the limit, and says both numbers")
    func size() throws {
        #expect(try parseXML(Array("<a>12345</a>".utf8), limit: 12).text == "12345")
        #expect(throws: XMLFault.tooLarge(bytes: 13, limit: 12)) {
            try parseXML(Array("<a>123456</a>".utf8), limit: 12)
        }
        let mebibyte = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
        #expect(throws: XMLFault.tooLarge(bytes: mebibyte.count + 4, limit: 1 << 20)) {
            try parseXML(Array("<a/>".utf8) + mebibyte)
        }
    }

    @Test("says that a web page came, and how it begins")
    func webPage() throws {
        let page = #"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" ><html lang="en"><head></html>"#
        let fault = try #require(throws: XMLFault.self) { try parse("\r\n" + page) }
        #expect(fault == .html(beginning: String(page.prefix(60))))
        #expect("\(fault)".contains("HTML"))
        #expect("\(fault)".contains("4.01"))
        #expect(throws: XMLFault.html(beginning: "<HTML></HTML>")) { try parse("<HTML></HTML>") }
    }

    @Test("says what came when it is no XML, or nothing")
    func otherThings() throws {
        #expect(throws: XMLFault.notXML(beginning: "HTTP/1.1 200 OK")) { try parse("HTTP/1.1 200 OK") }
        #expect(throws: XMLFault.empty) { try parse("") }
        #expect(throws: XMLFault.empty) { try parse(" \r\n") }
        #expect(throws: XMLFault.self) { try parseXML([0, 0, 0, 0]) }
        #expect(throws: XMLFault.self) { try parseXML([0xFF, 0xFE]) }
    }

    @Test("names line and column of what is damaged")
    func damage() throws {
        let fault = try #require(throws: XMLFault.self) { try parse("<a>\n  <b></c>\n</a>") }
        guard case .malformed(let line, let column, let reason) = fault else {
            Issue.record("\(fault)")
            return
        }
        #expect(line == 2)
        #expect(column > 1)
        #expect(reason.contains("b"))
        #expect(throws: XMLFault.self) { try parse("<a/><b/>") }
        #expect(throws: XMLFault.self) { try parse("<a x='1' x='2'/>") }
    }

    @Test("refuses a prefix that stands for nothing", arguments: ["<x:a/>", "<a x:b='1'/>", "<a><y:c/></a>"])
    func unknownPrefix(document: String) throws {
        let fault = try #require(throws: XMLFault.self) { try parse(document) }
        #expect("\(fault)".contains("prefix"))
    }

    @Test("refuses every prefix of a document, and never traps")
    func everyPrefix() {
        let document = Array(
            """
            <?xml version="1.0" encoding="UTF-8"?><a:E xmlns:a="urn:e"><a:B m="&amp;ä"><![CDATA[x]]><!-- n -->\
            <?p i?>tail</a:B></a:E>
            """.utf8)
        for length in 0..<document.count {
            #expect(throws: XMLFault.self, "\(length) bytes") { try parseXML(Array(document.prefix(length))) }
        }
    }

    @Test("is safe from many threads at once")
    func threads() async {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        return (try? parse("<a><b>\(number)</b></a>"))?["b"]?.text == "\(number)"
                    }
                    return (try? parse("<!DOCTYPE a><a/>")) == nil && (try? parse("<a>\(number)</b>")) == nil
                }
            }
            for await fine in group { #expect(fine) }
        }
    }
}

@Sendable func parse(_ text: String) throws(XMLFault) -> XMLElement { try parseXML(Array(text.utf8)) }
