import Reconciliation
import Testing
import Vocabulary

@Suite("Comparing names")
struct NameComparisonTests {
    static func name(_ text: String) throws -> Reading { .name(try Hostname(text)) }

    @Test("equal names match, in any case")
    func match() throws {
        let verdict = compareNames(
            os: try Self.name("PC1.example.com"), firmware: try Self.name("pc1.EXAMPLE.com."), sharedFQDN: true,
            provisioning: .post, control: .admin)
        #expect(verdict == .match)
    }

    @Test("a short name never equals a full one")
    func labels() throws {
        let verdict = compareNames(
            os: try Self.name("pc1.example.com"), firmware: try Self.name("pc1"), sharedFQDN: true, provisioning: .post,
            control: .admin)
        #expect(verdict == .mismatch([.firmware]))
    }

    @Test("an unreadable facet is never a match")
    func unreadable() throws {
        let verdict = compareNames(
            os: .unreadable("no resolver"), firmware: try Self.name("pc1.example.com"), sharedFQDN: true,
            provisioning: .post, control: .admin)
        #expect(verdict == .unreadable("operating system: no resolver"))
    }

    @Test("a nameless firmware is a mismatch")
    func nameless() throws {
        let verdict = compareNames(
            os: try Self.name("pc1.example.com"), firmware: .empty, sharedFQDN: true, provisioning: .post,
            control: .admin)
        #expect(verdict == .mismatch([.firmware]))
    }

    @Test("the provisioning state comes first, because partial unprovision keeps the names")
    func states() throws {
        let same = try Self.name("pc1.example.com")
        func verdict(_ state: ProvisioningState, _ mode: ControlMode) -> NameVerdict {
            compareNames(os: same, firmware: same, sharedFQDN: true, provisioning: state, control: mode)
        }
        #expect(verdict(.pre, .none) == .unprovisioned)
        #expect(verdict(.in, .none) == .inProgress)
        #expect(verdict(.in, .admin) == .inProgress)
        for odd in [verdict(.post, .none), verdict(ProvisioningState(rawValue: 9), .admin)] {
            guard case .unreadable = odd else {
                Issue.record("\(odd)")
                continue
            }
        }
    }

    @Test("a dedicated name must differ")
    func dedicated() throws {
        let (a, b) = (try Self.name("pc1.example.com"), try Self.name("pc1-amt.example.com"))
        #expect(
            compareNames(os: a, firmware: b, sharedFQDN: false, provisioning: .post, control: .admin) == .match)
        #expect(
            compareNames(os: a, firmware: a, sharedFQDN: false, provisioning: .post, control: .admin)
                == .mismatch([.firmware]))
    }
}
