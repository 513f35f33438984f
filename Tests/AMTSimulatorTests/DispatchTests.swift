import Foundation
import LibXML
import Testing

@testable import AMTSimulator

@Suite("WS-Management is answered by its rules")
struct DispatchTests {
    @Test("a class or an instance that there is not cannot be reached")
    func unreachable() throws {
        var device = try Device.provisioned()
        let reply = try device.get("AMT_NoSuchClass")
        #expect(reply.status == 400 && reply.fault == "b:DestinationUnreachable")
        let reason = reply.body?["Reason"]?["Text"]?.text
        #expect(reason == "No route can be determined to reach the destination role defined by the WSAddressing To.")
        #expect(try device.get("AMT_TLSSettingData", selector("InstanceID", "x")).fault == "b:DestinationUnreachable")
        #expect(try device.get("AMT_TLSSettingData").fault == "b:DestinationUnreachable", "two, and none is chosen")
        let wrong = selector("InstanceID", "Intel(r) AMT: Other Settings")
        #expect(try device.put("AMT_GeneralSettings", "", wrong).fault == "b:DestinationUnreachable")
    }

    @Test("a fault has no ResourceURI and relates to its request")
    func faultHeader() throws {
        var device = try Device.provisioned()
        let shape = Shape(try device.get("AMT_NoSuchClass").text)
        #expect(shape.header.children.map(\.name) == ["b:To", "b:RelatesTo", "b:Action", "b:MessageID"])
        #expect(shape.header["b:RelatesTo"]?.text == "1")
        #expect(shape.header["b:Action"]?.text == "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault")
        #expect(shape.body["a:Fault"]?.children.map(\.name) == ["a:Code", "a:Reason", "a:Detail"])
    }

    @Test("message numbers run on in upper-case hexadecimal, faults included")
    func messageNumbers() throws {
        var device = try Device.provisioned()
        device.firmware.messageCount = 0xABCDE
        let first = try device.get("AMT_NoSuchClass").envelope["Header"]?["MessageID"]?.text
        let second = try device.get("AMT_GeneralSettings").envelope["Header"]?["MessageID"]?.text
        #expect(first == "uuid:00000000-8086-8086-8086-0000000ABCDF")
        #expect(second == "uuid:00000000-8086-8086-8086-0000000ABCE0")
    }

    @Test("any message id comes back as it was", arguments: ["0", "uuid:6b29-Ab", "a&amp;b&lt;"])
    func relatesTo(id: String) throws {
        var device = try Device.provisioned()
        let text = envelope("\(Namespace.transfer)/Get", "AMT_GeneralSettings", body: "", messageID: id)
        let answer = device.firmware.answer(Array(text.utf8), user: "admin").envelope
        #expect(answer.contains("<b:RelatesTo>\(id)</b:RelatesTo>"))
    }

    @Test(
        "a Put takes a part of the object, in any namespace or none, and answers with the whole",
        arguments: [
            #"<AMT_GeneralSettings xmlns=""><HostName>ws-7</HostName></AMT_GeneralSettings>"#,
            #"<h:AMT_GeneralSettings xmlns:h="x"><h:HostName>ws-7</h:HostName></h:AMT_GeneralSettings>"#,
            // As rpc-go sends it, though XML's namespaces forbid it.
            #"<h:AMT_GeneralSettings xmlns:h=""><h:HostName>ws-7</h:HostName></h:AMT_GeneralSettings>"#,
            #"<h:AMT_GeneralSettings xmlns:h='' xmlns:i=""><i:HostName>ws-7</i:HostName></h:AMT_GeneralSettings>"#,
        ])
    func partialPut(body: String) throws {
        var device = try Device.provisioned()
        let reply = try device.send("\(Namespace.transfer)/Put", "AMT_GeneralSettings", body: body)
        #expect(reply.body?["HostName"]?.text == "ws-7")
        #expect(reply.body?["DomainName"]?.text == "corp.example.test")
        #expect(reply.body?["DDNSTTL"]?.text == "900")
    }

    @Test("a Put of another class's object is no valid representation")
    func wrongBody() throws {
        var device = try Device.provisioned()
        let body = "<h:AMT_TLSSettingData xmlns:h=\"x\"><h:HostName>y</h:HostName></h:AMT_TLSSettingData>"
        let reply = try device.send("\(Namespace.transfer)/Put", "AMT_GeneralSettings", body: body)
        #expect(reply.fault == "d:InvalidRepresentation")
        #expect(device.firmware.names.hostName == "pc1")
    }

    @Test("HostOSFQDN is the host's to write, unless the switch lets Put do it", arguments: [false, true])
    func hostOSFQDN(isWritable: Bool) throws {
        var device = try Device.provisioned()
        device.firmware.personality.switches.hostOSFQDNIsWritable = isWritable
        let reply = try device.put("AMT_GeneralSettings", "<h:HostOSFQDN>a.b.test</h:HostOSFQDN>")
        #expect(reply.body?["HostOSFQDN"]?.text == (isWritable ? "a.b.test" : ""))
    }

    @Test("a name that is too long is refused whole, and nothing of the Put stays")
    func longNames() throws {
        var device = try Device.provisioned()
        let long = String(repeating: "a", count: 64)
        let host = try device.put("AMT_GeneralSettings", "<h:DDNSTTL>5</h:DDNSTTL><h:HostName>\(long)</h:HostName>")
        #expect(host.status == 500 && host.fault == "e:InternalError" && host.text.contains("AMT-STATUS 12<"))
        let domain = String(repeating: "a", count: 192)
        let other = try device.put("AMT_GeneralSettings", "<h:DomainName>\(domain)</h:DomainName>")
        #expect(other.text.contains("AMT-STATUS 28<"))
        #expect(try device.get("AMT_GeneralSettings").body?["DDNSTTL"]?.text == "900")
    }

    @Test("a context is used up by its last pull, and another is unknown")
    func contexts() throws {
        var device = try Device.provisioned()
        device.firmware.enumerationCount = 0x13
        let context = try device.enumerate("AMT_GeneralSettings").body?["EnumerationContext"]?.text
        #expect(context == "14000000-0000-0000-0000-000000000000")
        #expect(try device.pull("AMT_GeneralSettings", context: context).status == 200)
        #expect(try device.pull("AMT_GeneralSettings", context: context).fault == "c:InvalidEnumerationContext")
    }

    @Test("a class without instances pulls nothing, and ends")
    func emptyPull() throws {
        var device = try Device.provisioned()
        let shape = Shape(try device.pull("AMT_PublicKeyCertificate").text)
        #expect(shape.body["g:PullResponse"]?.children.map(\.name) == ["g:Items", "g:EndOfSequence"])
        #expect(shape.body["g:PullResponse"]?["g:Items"]?.children.count == 0)
    }

    @Test("contexts that nobody pulls use up a quota, and are forgotten in time")
    func quota() throws {
        var device = try Device.provisioned()
        for _ in 1...16 { #expect(try device.enumerate("AMT_GeneralSettings").status == 200) }
        let refused = try device.enumerate("AMT_GeneralSettings")
        #expect(refused.status == 500 && refused.fault == "e:QuotaLimit")
        device.firmware.now += 61
        #expect(try device.enumerate("AMT_GeneralSettings").status == 200)
    }

    @Test("a client that takes less than 50000 bytes is refused", arguments: [(49_999, 400), (50_000, 200)])
    func envelopeSize(limit: Int, status: Int) throws {
        var device = try Device.provisioned()
        let header = "<w:MaxEnvelopeSize>\(limit)</w:MaxEnvelopeSize>"
        let reply = try device.send("\(Namespace.transfer)/Get", "AMT_GeneralSettings", body: "", header: header)
        #expect(reply.status == status)
    }

    @Test("what is no envelope, or no action of the class, brings a fault")
    func nonsense() throws {
        var device = try Device.provisioned()
        for text in [
            "", "<html>", "<a/>", "\u{0}", "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        ] {
            let answer = device.firmware.answer(Array(text.utf8), user: "admin")
            #expect(answer.status == 400 && answer.envelope.contains("d:InvalidRepresentation"))
        }
        #expect(try device.invoke("AMT_GeneralSettings", "NoSuchMethod").reply.fault == "b:ActionNotSupported")
        #expect(try device.create("AMT_GeneralSettings", "").fault == "b:ActionNotSupported")
        #expect(try device.delete("AMT_GeneralSettings").fault == "b:ActionNotSupported")
    }

    @Test(
        "options are ignored, and a request that insists on them is not understood", arguments: ["true", "1", "false"])
    func options(insists: String) throws {
        var device = try Device.provisioned()
        let header =
            "<w:OptionSet xmlns:s=\"\(Namespace.soap)\" s:mustUnderstand=\"\(insists)\"><w:Option Name=\"x\"/></w:OptionSet>"
        let reply = try device.send("\(Namespace.transfer)/Get", "AMT_GeneralSettings", body: "", header: header)
        #expect(reply.status == (insists == "false" ? 200 : 400))
        let code = reply.body?["Code"]
        #expect(code?["Value"]?.text == (insists == "false" ? nil : "a:MustUnderstand") && code?["Subcode"] == nil)
    }

    @Test("Identify needs no addressing")
    func identify() throws {
        var device = try Device.provisioned()
        let text =
            "<s:Envelope xmlns:s=\"\(Namespace.soap)\" xmlns:w=\"\(Namespace.identity)\"><s:Header/><s:Body>"
            + "<w:Identify/></s:Body></s:Envelope>"
        let answer = device.firmware.answer(Array(text.utf8), user: "admin")
        let body = try parseXML(Array(answer.envelope.utf8))["Body"]?["IdentifyResponse"]
        #expect(answer.status == 200)
        #expect(body?["ProtocolVersion"]?.text == Namespace.wsman)
    }

    @Test("the clock follows what a client sets")
    func clock() throws {
        var device = try Device.provisioned()
        let type = "AMT_TimeSynchronizationService"
        func low() throws -> String? { try device.invoke(type, "GetLowAccuracyTimeSynch").reply.body?["Ta0"]?.text }
        #expect(try low() == "1643624584")
        let early = "<h:Ta0>1643624584</h:Ta0><h:Tm1>1000000000</h:Tm1><h:Tm2>1000000000</h:Tm2>"
        #expect(try device.invoke(type, "SetHighAccuracyTimeSynch", early).status == 36)
        let set = "<h:Ta0>1643624584</h:Ta0><h:Tm1>1643628184</h:Tm1><h:Tm2>1643628184</h:Tm2>"
        #expect(try device.invoke(type, "SetHighAccuracyTimeSynch", set).status == 0)
        device.firmware.now += 10
        #expect(try low() == "1643628194")
        #expect(try device.get(type).body?["TimeSource"]?.text == "1")
    }
}
