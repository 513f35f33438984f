import Foundation
import TestKit

@testable import AMTSimulator

/// Certificates, key pairs and TLS, whose answers depend on what the store holds.
let storeCaptures: [Capture] = {
    let certificate = "AMT_PublicKeyCertificate"
    let key = "AMT_PublicPrivateKeyPair"
    let service = "AMT_PublicKeyManagementService"
    let first = selector("InstanceID", "Intel(r) AMT Certificate: Handle: 0")
    let firstKey = selector("InstanceID", "Intel(r) AMT Key: Handle: 0")
    return [
        Capture("amt/publickey/certificate/enumerate.xml", free: ["EnumerationContext"]) {
            try $0.enumerate(certificate)
        },
        Capture("amt/publickey/certificate/get.xml") { device in
            try addCapturedRoot(&device)
            return try device.get(certificate, first)
        },
        Capture("amt/publickey/certificate/pull.xml", free: ["Issuer", "Subject", "X509Certificate"]) { device in
            try addCapturedRoot(&device)
            try device.addCertificates(1)
            try device.addRoot()
            return try device.pull(certificate)
        },
        Capture("amt/publickey/certificate/delete.xml") { device in
            try addCapturedRoot(&device)
            return try device.delete(certificate, first)
        },
        Capture("amt/publickey/management/enumerate.xml", free: ["EnumerationContext"]) { try $0.enumerate(service) },
        Capture("amt/publickey/management/get.xml") { try $0.get(service) },
        Capture("amt/publickey/management/pull.xml") { try $0.pull(service) },
        Capture("amt/publickey/management/generatekeypair.xml") { try $0.makeKey() },
        Capture("amt/publickey/management/addcertificate.xml") { device in
            try device.addRoot()
            return try device.addCertificates(1)
        },
        Capture("amt/publickey/management/addtrustedrootcertificate.xml") { device in
            try device.addRoot()
            try device.addRoot()
            return try device.addRoot()
        },
        // The capture names the class of certificates for a key: edited by hand (network reference 6.2).
        Capture("amt/publickey/management/addkey.xml", free: ["ResourceURI"]) { device in
            _ = try device.makeKey()
            return try device.invoke(service, "AddKey", "<h:KeyBlob>\(TestKeys.spareKey)</h:KeyBlob>").reply
        },
        // What was signed was taken out of the capture.
        Capture("amt/publickey/management/generatepkcs10requestex.xml", free: ["SignedCertificateRequest"]) { device in
            _ = try device.makeKey()
            return try device.sign(request: try device.nullSignedRequest(handle: 0), handle: 0)
        },
        Capture("amt/publicprivate/enumerate.xml", free: ["EnumerationContext"]) { try $0.enumerate(key) },
        Capture("amt/publicprivate/get.xml", free: ["DERKey"]) { device in
            _ = try device.makeKey()
            return try device.get(key, firstKey)
        },
        Capture("amt/publicprivate/pull.xml", free: ["DERKey"]) { device in
            _ = try device.makeKey()
            _ = try device.makeKey()
            return try device.pull(key)
        },
        Capture("amt/publicprivate/delete.xml") { device in
            _ = try device.makeKey()
            return try device.delete(key, firstKey)
        },
    ]
}()

let tlsCaptures: [Capture] = {
    let context = "AMT_TLSCredentialContext"
    let collection = "AMT_TLSProtocolEndpointCollection"
    let settings = "AMT_TLSSettingData"
    let remote = selector("InstanceID", "Intel(r) AMT 802.3 TLS Settings")
    return [
        // The capture's certificate is called testCertificate (network reference 10.2).
        Capture("amt/tls/credentialcontext/create.xml", free: ["Selector"]) { device in
            try device.addCertificates(1)
            return try device.create(context, device.contextBody(0))
        },
        Capture("amt/tls/credentialcontext/enumerate.xml", free: ["EnumerationContext"]) { try $0.enumerate(context) },
        Capture("amt/tls/credentialcontext/pull.xml") { device in
            try device.addCertificates(4)
            _ = try device.create(context, device.contextBody(3))
            return try device.pull(context)
        },
        Capture("amt/tls/credentialcontext/put.xml") { device in
            try device.addCertificates(5)
            _ = try device.create(context, device.contextBody(3))
            return try device.put(context, device.contextBody(4))
        },
        Capture("amt/tls/protocolendpointcollection/enumerate.xml", free: ["EnumerationContext"]) {
            try $0.enumerate(collection)
        },
        Capture("amt/tls/protocolendpointcollection/get.xml") { try $0.get(collection) },
        Capture("amt/tls/protocolendpointcollection/pull.xml") { try $0.pull(collection) },
        Capture("amt/tls/settingdata/enumerate.xml", free: ["EnumerationContext"]) { try $0.enumerate(settings) },
        Capture("amt/tls/settingdata/get.xml") { try $0.get(settings, remote) },
        Capture("amt/tls/settingdata/pull.xml") { try $0.pull(settings) },
        Capture("amt/tls/settingdata/put.xml") { device in
            try device.put(settings, tlsBody("802.3", enabled: false), remote)
        },
    ]
}()

/// The properties of one of the two TLS settings, `802.3` or `LMS`.
func tlsBody(
    _ which: String, enabled: Bool, plain: Bool = false, mutual: Bool = false, names: [String] = []
) -> String {
    let name = "Intel(r) AMT \(which) TLS Settings"
    return "<h:AcceptNonSecureConnections>\(plain)</h:AcceptNonSecureConnections><h:ElementName>\(name)"
        + "</h:ElementName><h:Enabled>\(enabled)</h:Enabled><h:InstanceID>\(name)</h:InstanceID>"
        + "<h:MutualAuthentication>\(mutual)</h:MutualAuthentication>"
        + names.map { "<h:TrustedCN>\($0)</h:TrustedCN>" }.joined()
}

private func addCapturedRoot(_ device: inout Device) throws {
    let text = try Vectors.text("wsman/\(Capture.folder)amt/publickey/certificate/get.xml")
    let blob = Shape(text).body["g:AMT_PublicKeyCertificate"]?["g:X509Certificate"]?.text ?? ""
    _ = try device.invoke(
        "AMT_PublicKeyManagementService", "AddTrustedRootCertificate", "<h:CertificateBlob>\(blob)</h:CertificateBlob>")
}
