import Synchronization
import Testing

@testable import AMTSimulator

@Suite("Kerberos at the firmware's door")
struct KerberosGateTests {
    @Test("a request without a ticket, with one that is none, or without a keytab to try it with, is nobody's")
    func refused() {
        let said = Mutex<[String]>([])
        let gate = KerberosGate(keytab: "FILE:/nonexistent/keytab", administrators: ["console@R"]) { line in
            said.withLock { $0.append(line) }
        }
        func principal(_ headers: [(name: String, value: String)]) -> String? {
            gate.principal(of: HTTPMessage(method: "POST", path: "/wsman", headers: headers, body: []))
        }
        #expect(principal([]) == nil)
        #expect(principal([("Authorization", "Digest username=\"admin\"")]) == nil)
        #expect(said.withLock { $0 }.isEmpty)
        #expect(principal([("Authorization", "Negotiate YIIABBBB")]) == nil)
        #expect(said.withLock { $0 }.count == 1)
    }
}
