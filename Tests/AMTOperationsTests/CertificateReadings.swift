import AMTOperations
import Testing
import WSMan

typealias Certificates = AMT.PublicKeyCertificate
typealias Keys = AMT.PublicPrivateKeyPair
typealias Store = AMT.PublicKeyManagementService

/// The head of a certificate, DER, as these captures have it.
private let head: [UInt8] = [0x30, 0x82, 0x04, 0x3B]

let certificateReadings: [Reading] = [
    Reading("amt/publickey/certificate/enumerate", Enumerate<Certificates>.output) {
        #expect($0 == "CB000000-0000-0000-0000-000000000000")
    },
    Reading("amt/publickey/certificate/get", Certificates.Get.output) { certificate in
        #expect(certificate.id == "Intel(r) AMT Certificate: Handle: 0")
        #expect(certificate.subject == "C=unknown,O=unknown,CN=MPSRoot-0af1d5")
        #expect(certificate.issuer == certificate.subject)
        #expect(certificate.isTrustedRoot)
        #expect(!certificate.isReadOnly)
        #expect(certificate.certificate.starts(with: head))
        #expect(certificate.certificate.count == 0x43B + 4)
    },
    Reading("amt/publickey/certificate/pull", Pull<Certificates>.output) { page in
        #expect(page.instances.map(\.isTrustedRoot) == [true, false, true])
        #expect(page.instances.map(\.id).allSatisfy { $0.hasPrefix("Intel(r) AMT Certificate: Handle: ") })
        #expect(page.next == nil)
    },
    Reading("amt/publickey/certificate/put", Certificates.Get.output) {
        #expect($0.id == "Intel(r) AMT Certificate: Handle: 0")
    },
    Reading("amt/publickey/certificate/delete", Certificates.Delete.output) { _ in },
    Reading("amt/publickey/management/addcertificate", Store.AddCertificate.output) {
        #expect($0 == "Intel(r) AMT Certificate: Handle: 1")
    },
    Reading("amt/publickey/management/addkey", Store.AddKey.output) { #expect($0 == "Intel(r) AMT Key: Handle: 1") },
    Reading("amt/publickey/management/addtrustedrootcertificate", Store.AddTrustedRootCertificate.output) {
        #expect($0 == "Intel(r) AMT Certificate: Handle: 2")
    },
    Reading("amt/publickey/management/delete", Delete<Store>.output) { _ in },
    Reading("amt/publickey/management/enumerate", Enumerate<Store>.output) {
        #expect($0 == "7E000000-0000-0000-0000-000000000000")
    },
    Reading("amt/publickey/management/generatekeypair", Store.GenerateKeyPair.output) {
        #expect($0 == "Intel(r) AMT Key: Handle: 0")
    },
    // A known defect of the file: the request is the word `test?`, which is no base64.
    Reading(
        refused: "amt/publickey/management/generatepkcs10requestex", Store.GeneratePKCS10RequestEx.output,
        "SignedCertificateRequest"),
    Reading("amt/publickey/management/get", Store.Get.output) {
        #expect($0.text("Name") == "Intel(r) AMT Public Key Management Service")
    },
    Reading("amt/publickey/management/pull", Pull<Store>.output) { #expect($0.instances.count == 1) },
    Reading("amt/publicprivate/delete", Keys.Delete.output) { _ in },
    Reading("amt/publicprivate/enumerate", Enumerate<Keys>.output) { #expect($0.hasSuffix("000000000000")) },
    Reading("amt/publicprivate/get", Keys.Get.output) { pair in
        #expect(pair.id == "Intel(r) AMT Key: Handle: 0")
        #expect(pair.form == .rsaPublicKey)
        #expect(pair.publicKey.count == 270)
        #expect(pair.publicKey.suffix(5) == [0x02, 0x03, 0x01, 0x00, 0x01])
    },
    Reading("amt/publicprivate/pull", Pull<Keys>.output) { page in
        #expect(page.instances.map(\.id) == ["Intel(r) AMT Key: Handle: 0", "Intel(r) AMT Key: Handle: 1"])
        #expect(page.instances.map(\.form) == [.rsaPublicKey, .rsaPublicKey])
    },
]
