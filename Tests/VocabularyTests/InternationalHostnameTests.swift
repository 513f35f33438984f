import Testing
import Vocabulary

@Suite("A host name with letters beyond ASCII")
struct InternationalHostnameTests {
    @Test(
        "becomes the A-labels that DNS knows",
        arguments: [
            // RFC 3492 section 7.1, samples (A), (C), (I), and names in use.
            ("ليهمابتكلموشعربي؟", nil), ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("Bücher.example.com", "xn--bcher-kva.example.com"), ("münchen.example.COM.", "xn--mnchen-3ya.example.com"),
            ("faß.de", "xn--fa-hia.de"), ("例え。テスト", "xn--r8jz45g.xn--zckzah"), ("PC1.example.com", "pc1.example.com"),
            ("straße-1.de", "xn--strae-1-3va.de"), ("xn--bcher-kva.de", "xn--bcher-kva.de"),
        ] as [(String, String?)])
    func letters(text: String, ascii: String?) {
        #expect((try? Hostname(international: text))?.text == ascii)  // a flaw is the other expectation
    }

    @Test(
        "is refused where a character has no place in a name, or came apart",
        arguments: [
            "🖥.example.com", "u\u{308}ber.de", "Ⅳ.de", "ａ.de", "a\u{200D}ü.de", "ü\u{0}.de", "ü b.de", "ü_.de",
            "\u{93F}क.de",
            "ü..de", "-ü\u{200B}.de", "a·ü.de",
        ])
    func refused(text: String) {
        #expect(throws: Hostname.Flaw.self) { try Hostname(international: text) }
    }

    @Test("has the length of its ASCII form")
    func long() throws {
        let fits = String(repeating: "ü", count: 40)
        #expect(try Hostname(international: fits).text.utf8.count <= 63)
        #expect(throws: Hostname.Flaw.self) { try Hostname(international: String(repeating: "üa", count: 63)) }
    }
}
