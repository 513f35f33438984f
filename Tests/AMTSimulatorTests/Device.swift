import Foundation
import LibXML
import Testing

@testable import AMTSimulator

/// A firmware and the requests that tests put to it, without a socket.
struct Device {
    var firmware: SimulatedFirmware
    /// Who asks; the dispatcher takes it as proven.
    var user: String? = "admin"

    static let uuid = "13aee355d2bfbb6117a088aedd7037ea"
    static let password = "P@ssw0rd"

    /// A factory-fresh firmware in set-up mode.
    init(
        _ personality: Personality = .amt12, seed: UInt64 = 1, roots: [[UInt8]] = [],
        suffix: String = "corp.example.test"
    ) {
        firmware = SimulatedFirmware(
            personality: personality, uuid: bytes(Self.uuid), dnsSuffix: suffix, trustedRoots: roots, seed: seed,
            now: 1_643_624_584)
    }

    /// A firmware that was set up by an application, in admin control mode, TLS off.
    static func provisioned(
        _ personality: Personality = .amt12, _ change: (inout SimulatedFirmware) -> Void = { _ in }
    ) throws -> Device {
        var device = Device(personality)
        change(&device.firmware)
        try device.setAdminPassword()
        try device.rename("pc1", "corp.example.test")
        if personality.needsMEBxPassword { try device.setMEBxPassword() }
        #expect(try device.invoke("AMT_SetupAndConfigurationService", "CommitChanges").status == 0)
        return device
    }

    mutating func setAdminPassword() throws {
        let a1 = md5("admin:\(firmware.digestRealm):\(Self.password)")
        let status = try invoke(
            "AMT_AuthorizationService", "SetAdminAclEntryEx",
            "<h:Username>admin</h:Username><h:DigestPassword>\(Data(a1).base64EncodedString())</h:DigestPassword>"
        ).status
        #expect(status == 0)
    }

    mutating func setMEBxPassword() throws {
        let input = "<h:Password>\(Self.password)</h:Password>"
        #expect(try invoke("AMT_SetupAndConfigurationService", "SetMEBxPassword", input).status == 0)
    }

    mutating func rename(_ host: String, _ domain: String) throws {
        _ = try put("AMT_GeneralSettings", "<h:HostName>\(host)</h:HostName><h:DomainName>\(domain)</h:DomainName>")
    }

    // MARK: operations

    struct Reply {
        var text: String
        var status: Int
        var envelope: XMLElement

        /// The first element in the body.
        var body: XMLElement? { envelope["Body"]?.children.first }
        var fault: String? { body?.name == "Fault" ? body?["Code"]?["Subcode"]?["Value"]?.text : nil }
    }

    /// Sends an envelope as clients do: default namespace SOAP, prefixes of their own.
    mutating func send(
        _ action: String, _ type: String, body: String, selectors: String = "", header: String = ""
    ) throws -> Reply {
        let (text, status, _, _, _) = firmware.answer(
            Array(envelope(action, type, body: body, selectors: selectors, header: header).utf8), user: user)
        return Reply(text: text, status: status, envelope: try parseXML(Array(text.utf8)))
    }

    mutating func get(_ type: String, _ selectors: String = "") throws -> Reply {
        try send("\(Namespace.transfer)/Get", type, body: "", selectors: selectors)
    }

    mutating func put(_ type: String, _ properties: String, _ selectors: String = "") throws -> Reply {
        try send(
            "\(Namespace.transfer)/Put", type,
            body: "<h:\(type) xmlns:h=\"\(Namespace.ofClass(type))\">\(properties)</h:\(type)>", selectors: selectors)
    }

    mutating func create(_ type: String, _ properties: String) throws -> Reply {
        try send(
            "\(Namespace.transfer)/Create", type,
            body: "<h:\(type) xmlns:h=\"\(Namespace.ofClass(type))\">\(properties)</h:\(type)>")
    }

    mutating func delete(_ type: String, _ selectors: String = "") throws -> Reply {
        try send("\(Namespace.transfer)/Delete", type, body: "", selectors: selectors)
    }

    mutating func enumerate(_ type: String) throws -> Reply {
        try send(
            "\(Namespace.enumeration)/Enumerate", type, body: "<Enumerate xmlns=\"\(Namespace.enumeration)\"/>")
    }

    mutating func pull(_ type: String, context: String? = nil) throws -> Reply {
        let context = try context ?? enumerate(type).body?["EnumerationContext"]?.text ?? ""
        return try send(
            "\(Namespace.enumeration)/Pull", type,
            body: "<Pull xmlns=\"\(Namespace.enumeration)\"><EnumerationContext>\(context)</EnumerationContext>"
                + "<MaxElements>999</MaxElements><MaxCharacters>99999</MaxCharacters></Pull>")
    }

    /// What a class's enumeration gives.
    mutating func items(_ type: String) throws -> [XMLElement] { try pull(type).body?["Items"]?.children ?? [] }

    /// Calls a method; the status is its `ReturnValue`, or `nil` for a fault.
    @discardableResult
    mutating func invoke(
        _ type: String, _ method: String, _ input: String = ""
    ) throws -> (reply: Reply, status: Int?) {
        let namespace = Namespace.ofClass(type)
        let reply = try send(
            "\(namespace)/\(method)", type,
            body: "<h:\(method)_INPUT xmlns:h=\"\(namespace)\">\(input)</h:\(method)_INPUT>")
        return (reply, reply.body?["ReturnValue"].flatMap { Int($0.text) })
    }
}

func selector(_ name: String, _ value: String) -> String {
    "<w:SelectorSet><w:Selector Name=\"\(name)\">\(value)</w:Selector></w:SelectorSet>"
}

/// The inside of an EPR.
func reference(_ type: String, _ name: String, _ value: String) -> String {
    "<a:Address>\(Namespace.anonymous)</a:Address><a:ReferenceParameters><w:ResourceURI>"
        + "\(Namespace.ofClass(type))</w:ResourceURI>\(selector(name, value))</a:ReferenceParameters>"
}

func envelope(
    _ action: String, _ type: String, body: String, selectors: String = "", header: String = "",
    messageID: String = "1"
) -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope xmlns=\"\(Namespace.soap)\" xmlns:a=\"\(Namespace.addressing)\""
        + " xmlns:w=\"\(Namespace.wsman)\"><Header><a:Action>\(action)</a:Action><a:To>/wsman</a:To><w:ResourceURI>"
        + "\(Namespace.ofClass(type))</w:ResourceURI><a:MessageID>\(messageID)</a:MessageID><a:ReplyTo><a:Address>"
        + "\(Namespace.anonymous)</a:Address></a:ReplyTo><w:OperationTimeout>PT60S</w:OperationTimeout>"
        + "\(selectors)\(header)</Header><Body>\(body)</Body></Envelope>"
}

func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
