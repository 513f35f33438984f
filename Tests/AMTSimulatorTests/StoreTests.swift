import CryptoExtras
import Foundation
import LibXML
import SwiftASN1
import Testing
import X509

@testable import AMTSimulator

@Suite("Key pairs, certificates and the TLS context")
struct StoreTests {
    private static let key = "AMT_PublicPrivateKeyPair"
    private static let certificate = "AMT_PublicKeyCertificate"
    private static let context = "AMT_TLSCredentialContext"

    private static func handle(_ number: Int, _ kind: String = "Certificate") -> String {
        selector("InstanceID", "Intel(r) AMT \(kind): Handle: \(number)")
    }

    private func status(_ reply: Device.Reply) -> String? { reply.body?["ReturnValue"]?.text }

    @Test("a firmware from before 6.2 makes no keys and signs no requests, and takes a key that is given")
    func addKeyOnly() throws {
        var device = Device()
        device.firmware.personality.makesKeys = false
        let service = "AMT_PublicKeyManagementService"
        for method in ["GenerateKeyPair", "GeneratePKCS10RequestEx"] {
            let reply = try device.invoke(
                service, method, "<h:KeyAlgorithm>0</h:KeyAlgorithm><h:KeyLength>2048</h:KeyLength>")
            #expect(reply.status == nil, "\(method)")
        }
        #expect(device.firmware.store.keys.isEmpty)
        #expect(try device.invoke(service, "AddKey", "<h:KeyBlob>\(TestKeys.spareKey)</h:KeyBlob>").status == 0)
        #expect(device.firmware.store.keys.count == 1)
    }

    @Test("a null-signed request comes back with the same contents and a signature that holds")
    func request() throws {
        var device = try Device.provisioned()
        _ = try device.makeKey()
        let null = try device.nullSignedRequest(handle: 0)
        let before = try CertificateSigningRequest(derEncoded: null)
        #expect(!before.publicKey.isValidSignature(before.signature, for: before), "the test's own request is unsigned")
        let reply = try device.sign(request: null, handle: 0)
        #expect(status(reply) == "0")
        let data = try #require(Data(base64Encoded: reply.body?["SignedCertificateRequest"]?.text ?? ""))
        let signed = try CertificateSigningRequest(derEncoded: Array(data))
        #expect(signed.publicKey.isValidSignature(signed.signature, for: signed))
        #expect(Array(data.dropLast(256)) == null.dropLast(256))
        let listed = try device.items(Self.key).first?["DERKey"]?.text ?? ""
        let shown = try _RSA.Signing.PublicKey(derRepresentation: try #require(Data(base64Encoded: listed)))
        #expect(Certificate.PublicKey(shown) == signed.publicKey)
    }

    @Test("a request about another key is 2062, an unknown pair 2053, an algorithm that is none 2066")
    func requestRefused() throws {
        var device = try Device.provisioned()
        _ = try device.makeKey()
        let own = try device.nullSignedRequest(handle: 0)
        let other = try device.nullSignedRequest(handle: 0, key: _RSA.Signing.PrivateKey(keySize: .bits2048))
        #expect(status(try device.sign(request: other, handle: 0)) == "2062")
        #expect(status(try device.sign(request: [1, 2, 3], handle: 0)) == "2062")
        #expect(status(try device.sign(request: own, handle: 9)) == "2053")
        #expect(status(try device.sign(request: own, handle: 0, algorithm: 3)) == "2066")
    }

    @Test("eight pairs go in, a ninth is 23; odd algorithms and lengths are 36")
    func pairs() throws {
        var device = try Device.provisioned()
        func make(_ algorithm: Int, _ bits: Int) throws -> String? {
            let input = "<h:KeyAlgorithm>\(algorithm)</h:KeyAlgorithm><h:KeyLength>\(bits)</h:KeyLength>"
            return status(try device.invoke("AMT_PublicKeyManagementService", "GenerateKeyPair", input).reply)
        }
        #expect(try make(1, 2048) == "36")
        #expect(try make(0, 512) == "36")
        for _ in 1...8 { #expect(try make(0, 1024) == "0") }
        #expect(try make(0, 1024) == "23")
    }

    @Test("a pair made ahead is used once, and only for its length")
    func spare() throws {
        var device = try Device.provisioned()
        let spare = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        device.firmware.store.spare = spare
        #expect(try device.firmware.store.makeKey(bits: 1024) == 0)
        #expect(device.firmware.store.spare != nil)
        #expect(try device.firmware.store.makeKey(bits: 2048) == 1)
        #expect(device.firmware.store.keys[1]?.derRepresentation == spare.derRepresentation)
        #expect(device.firmware.store.spare == nil)
    }

    @Test("a certificate goes in once, with its own key, as DER")
    func certificates() throws {
        var device = try Device.provisioned()
        _ = try device.makeKey()
        let good = try device.certificate(of: 0)
        #expect(status(try device.add(good)) == "0")
        #expect(status(try device.add(good)) == "2058")
        #expect(status(try device.add([0x30, 0])) == "2063")
        #expect(status(try device.add(try Authority().der())) == "2064")
        let root = try Authority()
        #expect(status(try device.addRoot(root)) == "0")
        #expect(status(try device.addRoot(root)) == "2058")
        let shown = try device.items(Self.certificate).map { $0["TrustedRootCertficate"]?.text }
        #expect(shown == ["false", "true"])
    }

    @Test("a certificate in use, selected or served, is not deleted, nor the pair of any certificate")
    func inUse() throws {
        var device = try Device.provisioned()
        try device.addCertificates(2)
        _ = try device.create(Self.context, device.contextBody(0))
        _ = try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges")
        _ = try device.put(Self.context, device.contextBody(1))
        #expect(try device.delete(Self.certificate, Self.handle(0)).fault == "e:AccessDenied", "still served")
        #expect(try device.delete(Self.certificate, Self.handle(1)).fault == "e:AccessDenied", "selected")
        _ = try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges")
        #expect(try device.delete(Self.certificate, Self.handle(0)).status == 200)
        #expect(try device.delete(Self.key, Self.handle(0, "Key")).fault == "e:AccessDenied")
        #expect(try device.delete(Self.context).status == 200)
        _ = try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges")
        #expect(try device.delete(Self.certificate, Self.handle(1)).status == 200)
        #expect(try device.delete(Self.key, Self.handle(0, "Key")).status == 200)
        #expect(try device.items(Self.key).isEmpty)
        #expect(try device.delete(Self.key, Self.handle(0, "Key")).fault == "b:DestinationUnreachable")
    }

    @Test("a context is created once, from a certificate that is there and has its key")
    func contextRules() throws {
        var device = try Device.provisioned()
        #expect(try device.create(Self.context, "").fault == "d:InvalidRepresentation")
        #expect(try device.put(Self.context, device.contextBody(0)).fault == "b:DestinationUnreachable")
        #expect(try device.create(Self.context, device.contextBody(0)).fault == "b:DestinationUnreachable")
        try device.addRoot()
        let rootOnly = try device.create(Self.context, device.contextBody(0))
        #expect(rootOnly.fault == "e:InternalError" && rootOnly.text.contains("AMT-STATUS 2064"))
        try device.addCertificates(1)
        #expect(try device.create(Self.context, device.contextBody(1)).status == 200)
        #expect(try device.create(Self.context, device.contextBody(1)).fault == "e:AlreadyExists")
    }

    @Test("a Put of the context with selectors that name another certificate finds nothing")
    func contextSelectors() throws {
        var device = try Device.provisioned()
        try device.addCertificates(3)
        _ = try device.create(Self.context, device.contextBody(0))
        func selectors(_ handle: Int) -> String {
            let certificate = reference(Self.certificate, "InstanceID", "Intel(r) AMT Certificate: Handle: \(handle)")
            let collection = reference(
                "AMT_TLSProtocolEndpointCollection", "ElementName", "TLSProtocolEndpointInstances Collection")
            return "<w:SelectorSet><w:Selector Name=\"ElementInContext\"><a:EndpointReference>\(certificate)"
                + "</a:EndpointReference></w:Selector><w:Selector Name=\"ElementProvidingContext\">"
                + "<a:EndpointReference>\(collection)</a:EndpointReference></w:Selector></w:SelectorSet>"
        }
        #expect(try device.put(Self.context, device.contextBody(1), selectors(2)).fault == "b:DestinationUnreachable")
        #expect(try device.put(Self.context, device.contextBody(1), selectors(0)).status == 200)
        #expect(device.firmware.tls.certificate == 1)
    }

    @Test("each TLS setting is put by its own name and keeps its trusted names")
    func settings() throws {
        var device = try Device.provisioned()
        let type = "AMT_TLSSettingData"
        let local = selector("InstanceID", "Intel(r) AMT LMS TLS Settings")
        _ = try device.put(type, tlsBody("LMS", enabled: true, plain: true, names: ["a", "b"]), local)
        let items = try device.items(type)
        #expect(items.map { $0["Enabled"]?.text } == ["false", "true"])
        #expect(items.last?.all("TrustedCN").map(\.text) == ["a", "b"])
        #expect(try device.put(type, tlsBody("802.11", enabled: true)).fault == "b:DestinationUnreachable")
        #expect(try device.put(type, "", local).fault == "d:InvalidRepresentation")
    }
}
