import AMTHI
import FoundationEssentials
import Testing
import Vocabulary

/// Byte strings kept beside the checkout, which a public clone does not have.
enum Vectors {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/vectors/amt-vectors.json").path

    static let here = FileManager.default.fileExists(atPath: path)

    static func all() throws -> [String: [UInt8]] {
        let data = try Data(contentsOf: URL(filePath: path))
        return try JSONDecoder().decode([String: String].self, from: data).compactMapValues { bytes(hexadecimal: $0) }
    }
}

@Suite(
    "The vectors beside the checkout",
    .enabled(if: Vectors.here, "shared/vectors/amt-vectors.json is not beside this checkout"))
struct VectorTests {
    let vectors: [String: [UInt8]]

    init() throws { vectors = try Vectors.all() }

    private func vector(_ name: String) throws -> [UInt8] { try #require(vectors[name], "no vector \(name)") }

    @Test("hold the requests that we send, byte for byte")
    func requests() throws {
        #expect(GetCodeVersions().message.bytes == (try vector("codever.req")))
        #expect(GetUUID().message.bytes == (try vector("uuid.req")))
        #expect(GetProvisioningState().message.bytes == (try vector("provstate.req")))
        #expect(GetControlMode().message.bytes == (try vector("ctlmode.req")))
        #expect(GetPkiFQDNSuffix().message.bytes == (try vector("pki.req")))
        #expect(GetFQDN().message.bytes == (try vector("fqdn.req")))
        #expect(GetLocalSystemAccount().message.bytes == (try vector("lsa.req")))
        #expect(try #require(SetHostFQDN(name: "pc1.example.com")).message.bytes == (try vector("sethost.req")))
        #expect(GetLanInterfaceSettings().message.bytes == (try vector("lan.req.wired")))
        #expect(StartConfigurationEx(ipv6: false).message.bytes == (try vector("startex.req")))
        let otp = try #require(SetProvisioningServerOTP(Secret("12345678")))
        #expect(otp.message.bytes == (try vector("otp.req")))
    }

    @Test("hold answers that read to their stated values")
    func answers() throws {
        #expect(try GetProvisioningState.read(vector("provstate.rsp.pre")) == .pre)
        #expect(try GetProvisioningState.read(vector("provstate.rsp.in")) == .in)
        #expect(try GetProvisioningState.read(vector("provstate.rsp.post")) == .post)
        #expect(try GetControlMode.read(vector("ctlmode.rsp.acm")) == .admin)
        #expect(try GetUUID.read(vector("uuid.rsp")).text == "81c7e60c-3950-cb11-9bdc-a97c62bd0756")
        #expect(try GetUUID.read(vector("uuid.rsp.real")).text == "4bac9510-04a6-4321-bae2-d45ddf07b684")
        #expect(try GetPkiFQDNSuffix.read(vector("pki.rsp")) == "example.com")
        #expect(try GetPkiFQDNSuffix.read(vector("pki.rsp.empty")).isEmpty)
        #expect(try GetFQDN.read(vector("fqdn.rsp")).name == "pc1.example.com")
        try SetHostFQDN.read(vector("sethost.rsp"))
        let lan = try GetLanInterfaceSettings.read(vector("lan.rsp"))
        #expect("\(lan.address)" == "c8:d9:d2:7a:1e:33")
        #expect(lan.enabled && lan.linkUp)
        let versions = try GetCodeVersions.read(vector("codever.rsp"))
        #expect(versions.bios == "SIMBIOS 1.0")
        #expect(versions.entries.count == 10)
        #expect(versions.amt == "19.0.5.2175")
        #expect(versions.sku == 16392)
        #expect(versions["Legacy Mode"] == "False")
        let account = try GetLocalSystemAccount.read(vector("lsa.rsp"))
        #expect(account.user == "$$OsAdmin")
        #expect(account.password == Secret("AbCd0123EfGh4567IjKl89MnOpQr+/Zz"))
        #expect(try GetLocalSystemAccount.read(vector("lsa.rsp.real")).password.reveal { $0.count } == 32)
    }

    @Test("hold an answer to a command that no one knows, and it is no answer to ours")
    func unknown() throws {
        let message = try vector("unknown.rsp")
        #expect(throws: HostInterfaceFault.self) { try GetUUID.read(message) }
        #expect(try HostInterfaceAnswer(message, to: 0x0400_0099).status == .invalidCommand)
    }
}
