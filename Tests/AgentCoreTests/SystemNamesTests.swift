import AMTHI
import AgentCore
import AgentTestKit
import Testing
import Vocabulary

@Suite("The system's own names")
struct SystemNamesTests {
    private let address = MACAddress([0xc8, 0xd9, 0xd2, 0x7a, 0x1e, 0x33])

    private func found(_ root: FakeRoot, _ order: [NameRule], mac: MACAddress? = nil) throws -> OSName {
        let answer = mac ?? address
        return try findOSName(
            .system(order: order, root: root.path) {
                answer.map { .success($0) } ?? .failure(.amtDisabled)
            })
    }

    private func reason(_ root: FakeRoot, _ order: [NameRule], mac: MACAddress? = nil) throws -> String {
        do { return try found(root, order, mac: mac).name.text } catch { return "\(error)" }
    }

    private func machine(_ more: [String: String]) throws -> FakeRoot {
        var files = [
            "etc/hostname": "pc1\n", "sys/class/net/eth0/address": "52:54:00:00:00:01\n",
            "sys/class/net/eth0/ifindex": "2\n",
            "sys/class/net/eno1/address": "C8:D9:D2:7A:1E:33\n", "sys/class/net/eno1/ifindex": "3\n",
        ]
        files.merge(more) { $1 }
        return try FakeRoot(files)
    }

    @Test(
        "follow the realm that SSSD or Kerberos has joined",
        arguments: [
            (
                ["etc/sssd/sssd.conf": "[sssd]\ndomains = ad.example.com\n[domain/ad.example.com]\nid_provider = ad\n"],
                "pc1.ad.example.com"
            ),
            (
                [
                    "etc/sssd/sssd.conf":
                        "# x\n[sssd]\ndomains=local, corp\n[domain/local]\nid_provider=files\n[domain/corp]\nid_provider = ipa\nipa_domain = IPA.example.com\n"
                ], "pc1.ipa.example.com"
            ),
            (
                [
                    "etc/sssd/sssd.conf":
                        "[sssd]\ndomains=corp\n[domain/corp]\nid_provider = ad\nad_hostname = pc7.corp.example.com\n"
                ], "pc7.corp.example.com"
            ),
            (
                ["etc/krb5.keytab": "x", "etc/krb5.conf": "[libdefaults]\n  default_realm = EXAMPLE.ORG\n"],
                "pc1.example.org"
            ),
        ])
    func realm(files: [String: String], name: String) throws {
        let found = try found(machine(files), [.hostnameFile, .realm])
        #expect(found.name.text == name)
        #expect(found.rule == .realm)
        #expect(found.passedOver.map(\.rule) == [.hostnameFile])
    }

    @Test("do not follow a realm that was not joined")
    func notJoined() throws {
        let text = try reason(machine(["etc/krb5.conf": "[libdefaults]\ndefault_realm = EXAMPLE.ORG\n"]), [.realm])
        #expect(text.contains("has joined no domain"))
    }

    @Test(
        "take DHCP's option 15 of the interface that the firmware shares, whoever keeps the lease",
        arguments: [
            ["run/systemd/netif/leases/3": "ADDRESS=10.0.0.2\nDOMAINNAME=lan.example.com\n"],
            ["var/lib/NetworkManager/internal-0f-eno1.lease": "DOMAINNAME=lan.example.com\n"],
            ["run/net-eno1.conf": "DEVICE='eno1'\nDNSDOMAIN='lan.example.com other.example.com'\n"],
            [
                "var/lib/dhcp/dhclient.leases": """
                lease {
                  interface "eno1";
                  option domain-name "old.example.com";
                }
                lease {
                  interface "eno1";
                  option domain-name "lan.example.com";
                }
                lease {
                  interface "eth0";
                  option domain-name "wrong.example.com";
                }

                """
            ],
        ])
    func dhcp(files: [String: String]) throws {
        var files = files
        files["run/systemd/netif/leases/2"] = "DOMAINNAME=wrong.example.com\n"
        let found = try found(machine(files), [.dhcp])
        #expect(found == OSName(name: try Hostname("pc1.lan.example.com"), rule: .dhcp))
    }

    @Test("take the interface of several with the same address that holds a lease")
    func bridge() throws {
        let root = try machine([
            "sys/class/net/br0/address": "c8:d9:d2:7a:1e:33\n", "sys/class/net/br0/ifindex": "9\n",
            "run/systemd/netif/leases/9": "DOMAINNAME=lan.example.com\n",
        ])
        #expect(try found(root, [.dhcp]).name.text == "pc1.lan.example.com")
    }

    @Test("say why DHCP's rule did not decide")
    func silent() throws {
        #expect(
            try reason(machine([:]), [.dhcp]).contains("no DHCP lease with a domain (option 15) was found for eno1"))
        let other = MACAddress([2, 0, 0, 0, 0, 9])
        #expect(
            try reason(machine([:]), [.dhcp], mac: other).contains(
                "no network interface has the firmware's address 02:00"))
        #expect(try reason(FakeRoot(["etc/hostname": "pc1"]), [.dhcp]).contains("no network interface"))
    }

    @Test("are asked in any order, each rule once")
    func orders() {
        #expect(NameRule.order(["dhcp", "static"]) == [.dhcp, .hostnameFile])
        for words in [[], ["dhcp", "dhcp"], ["override"], ["DHCP"], [""]] { #expect(NameRule.order(words) == nil) }
    }
}
