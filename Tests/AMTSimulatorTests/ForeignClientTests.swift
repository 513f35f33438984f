import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

@Suite("curl and OpenSSL against a simulator that runs", .serialized)
struct ForeignClientTests {
    @Test("set-up takes curl with a good chain and without a password, and nobody else")
    func setUp() async throws {
        try await withBench(number: 21) { bench in
            let good = try await bench.post(Bench.get, as: .certificate("leaf"))
            #expect(good.status == 200 && good.body.contains("<g:AMT_GeneralSettings>"))
            #expect(try await bench.post(Bench.get, as: .nothing).exit != 0, "no certificate")
            let other = try Authority()
            let foreign = try other.issue()
            try bench.identity("other", [foreign.certificate, try other.der()], foreign.key)
            #expect(try await bench.post(Bench.get, as: .certificate("other")).exit != 0, "another root")
            let plain = try bench.root.issue(.init(usages: [Authority.Leaf.serverAuth]))
            try bench.identity("plain", [plain.certificate, try bench.root.der()], plain.key)
            #expect(try await bench.post(Bench.get, as: .certificate("plain")).exit != 0, "no set-up usage")
            let rootless = try bench.root.issue()
            try bench.identity("rootless", [rootless.certificate], rootless.key)
            #expect(try await bench.post(Bench.get, as: .certificate("rootless")).exit != 0, "the root not sent")
            #expect(try await bench.post(Bench.get, as: .nothing, tls: false).exit != 0, "nothing on 16992")
            let state = try await bench.control(#"{"do":"state"}"#)
            #expect(state["handshakes"] as? Int == 1)
            #expect(state["provisioningState"] as? Int == 1)
            #expect(bench.simulator.printed.contains("set-up refused: the root's hash is not in the table"))
        }
    }

    @Test("OpenSSL without a certificate ends its set-up handshake in an alert")
    func noCertificate() async throws {
        try await withBench(number: 22) { bench in
            let shaken = try await bench.openssl("-tls1_2")
            #expect(shaken.status != 0, "\(shaken.output)")
            #expect(shaken.output.contains("alert"), "\(shaken.output)")
        }
    }

    @Test("curl provisions the machine, and then logs on by digest with TLS and without")
    func digest() async throws {
        try await withBench(number: 23) { bench in
            let early = try await bench.invoke(
                "AMT_SetupAndConfigurationService", "CommitChanges", as: .certificate("leaf"))
            #expect(early == "2057")
            try await bench.provision()
            for tls in [true, false] {
                let answer = try await bench.post(Bench.get, as: .digest(Device.password), tls: tls)
                #expect(answer.status == 200 && answer.body.contains("<g:HostName>pc1</g:HostName>"))
            }
            #expect(try await bench.post(Bench.get, as: .digest("wrong")).status == 401)
            #expect(try await bench.post(Bench.get, as: .certificate("leaf")).status == 401, "set-up is over")
            #expect(try await bench.post(Bench.get, as: .nothing, path: "/other").status == 404)
            let unknown = envelope("\(Namespace.transfer)/Get", "AMT_NoSuchClass", body: "")
            let fault = try await bench.post(unknown, as: .digest(Device.password))
            #expect(fault.status == 400 && fault.body.contains("b:DestinationUnreachable"))
            let last = try #require(try bench.requests().last)
            #expect(last["user"] as? String == "admin")
            #expect(last["resource"] as? String == "AMT_NoSuchClass")
            #expect(last["action"] as? String == "Get")
            #expect(last["status"] as? Int == 400)
            let log = try String(contentsOfFile: "\(bench.folder)/requests", encoding: .utf8)
            #expect(!log.contains("DigestPassword") && !log.contains("response="))
        }
    }

    @Test("TLS 1.2 is spoken, 1.3 is not")
    func versions() async throws {
        try await withBench(number: 24) { bench in
            try await bench.provision()
            #expect(try await bench.openssl("-tls1_2").status == 0)
            #expect(try await bench.openssl("-tls1_3").status != 0)
        }
    }

    @Test("a committed TLS change shows on the port, closes 16992, and mutual TLS asks for a certificate")
    func tls() async throws {
        try await withBench(number: 25) { bench in
            try await bench.provision()
            let admin = Bench.Proof.digest(Device.password)
            let service = "AMT_PublicKeyManagementService"
            let chosen = try await bench.giveCertificate(as: admin)
            let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
            let settings = "AMT_TLSSettingData"
            #expect(try await bench.put(settings, tlsBody("802.3", enabled: true), remote, as: admin) == 200)
            let before = try await bench.control(#"{"do":"state"}"#)["served"] as? String
            #expect(try await bench.post(Bench.get, as: admin, tls: false).status == 200, "not committed yet")
            try await commit(bench, admin)
            let after = try await bench.control(#"{"do":"state"}"#)["served"] as? String
            #expect(after != before && after == sha256(chosen).hexadecimal)
            let rightful = "CN = made.corp.example.test"
            #expect(try await bench.openssl("-tls1_2").output.contains(rightful))
            try await bench.control(#"{"do":"wrongCertificate"}"#)
            #expect(try await !bench.openssl("-tls1_2").output.contains(rightful), "another one, when told to")
            try await bench.control(#"{"do":"wrongCertificate","on":false}"#)
            #expect(try await bench.openssl("-tls1_2").output.contains(rightful))
            #expect(try await bench.post(Bench.get, as: admin, tls: false).exit != 0, "16992 is closed")

            let root = "<h:CertificateBlob>\(Data(try bench.root.der()).base64EncodedString())</h:CertificateBlob>"
            #expect(try await bench.invoke(service, "AddTrustedRootCertificate", root, as: admin) == "0")
            let times = "<h:Ta0>1643624584</h:Ta0><h:Tm1>1643628184</h:Tm1><h:Tm2>1643628184</h:Tm2>"
            let time = "AMT_TimeSynchronizationService"
            #expect(try await bench.invoke(time, "SetHighAccuracyTimeSynch", times, as: admin) == "0")
            let mutual = tlsBody("802.3", enabled: true, mutual: true)
            #expect(try await bench.put(settings, mutual, remote, as: admin) == 200)
            try await commit(bench, admin)
            #expect(try await bench.post(Bench.get, as: admin).exit != 0, "no client certificate")
            #expect(try await bench.post(Bench.get, as: .certificate("leaf")).status == 401, "and digest on top")
        }
    }

    private func commit(_ bench: Bench, _ proof: Bench.Proof) async throws {
        let type = "AMT_SetupAndConfigurationService"
        #expect(try await bench.invoke(type, "CommitChanges", as: proof) == "0")
    }
}
