import Foundation
import LibXML
import TestKit
import Testing

@testable import AMTSimulator

/// The envelopes that openwsman's client library builds, sent by libcurl as it sends them.
///
/// Its sources give the order of headers, `mustUnderstand` on each of them, the endpoint as To, a Pull without MaxElements, and
/// an Identify without headers. The program itself is not in Debian 12.
@Suite("Habits of openwsman's client", .serialized)
struct OpenwsmanHabitsTests {
    @Test("identify, get, enumerate, put and invoke work over HTTP and TLS", arguments: [false, true])
    func client(tls: Bool) async throws {
        try await withBench(number: tls ? 98 : 97) { bench in
            try await bench.provision()
            let client = Client(bench: bench, tls: tls)
            let identity = try await client.send("<wsmid:Identify/>", header: "")
            #expect(identity["IdentifyResponse"]?["ProductVendor"]?.text == "Intel(r)")
            let settings = try await client.ask("\(Namespace.transfer)/Get", "AMT_GeneralSettings", "")
            #expect(settings["AMT_GeneralSettings"]?["HostName"]?.text == "pc1")
            #expect(try await client.names("CIM_SoftwareIdentity").count == 11)
            // `wsman put` sends back what it got, with what was asked for changed.
            let type = "AMT_GeneralSettings"
            let whole = (settings[type]?.children ?? []).map { property in
                let text = property.name == "HostName" ? "pc2" : property.text
                return "<n1:\(property.name)>\(text)</n1:\(property.name)>"
            }
            let put = try await client.ask(
                "\(Namespace.transfer)/Put", type,
                "<n1:\(type) xmlns:n1=\"\(Namespace.ofClass(type))\">\(whole.joined())</n1:\(type)>")
            #expect(put[type]?["HostName"]?.text == "pc2")
            let service = "AMT_SetupAndConfigurationService"
            let uri = Namespace.ofClass(service)
            let invoked = try await client.ask("\(uri)/GetUuid", service, "<n1:GetUuid_INPUT xmlns:n1=\"\(uri)\"/>")
            #expect(invoked["GetUuid_OUTPUT"]?["ReturnValue"]?.text == "0")
            let state = try await bench.control(#"{"do":"state"}"#)
            #expect(state["hostName"] as? String == "pc2" && state["domainName"] as? String == "corp.example.test")
        }
    }

    private struct Client {
        var bench: Bench
        var tls: Bool

        private var endpoint: String {
            tls ? "https://\(bench.address):16993/wsman" : "http://\(bench.address):16992/wsman"
        }

        /// The names of a class's instances, pulled until the end is said.
        func names(_ type: String) async throws -> [String] {
            var answer = try await ask(
                "\(Namespace.enumeration)/Enumerate", type,
                "<wsen:Enumerate><wsman:OptimizeEnumeration/></wsen:Enumerate>")
            var names: [String] = []
            var context = answer["EnumerateResponse"]?["EnumerationContext"]?.text
            while let next = context {
                let pull = "<wsen:Pull><wsen:EnumerationContext>\(next)</wsen:EnumerationContext></wsen:Pull>"
                answer = try await ask("\(Namespace.enumeration)/Pull", type, pull)
                let response = answer["PullResponse"]
                names += (response?["Items"]?.children ?? []).compactMap { $0["InstanceID"]?.text }
                context = response?["EndOfSequence"] == nil ? response?["EnumerationContext"]?.text : nil
            }
            return names
        }

        func ask(_ action: String, _ type: String, _ body: String) async throws -> XMLElement {
            func header(_ name: String, _ value: String) -> String {
                "<\(name) s:mustUnderstand=\"true\">\(value)</\(name)>"
            }
            return try await send(
                body,
                header: header("wsa:Action", action) + header("wsa:To", endpoint)
                    + header("wsman:ResourceURI", Namespace.ofClass(type))
                    + header("wsa:MessageID", "uuid:\(UUID().uuidString.lowercased())")
                    + "<wsa:ReplyTo><wsa:Address>\(Namespace.anonymous)</wsa:Address></wsa:ReplyTo>")
        }

        /// Sends a body and gives the answer's.
        func send(_ body: String, header: String) async throws -> XMLElement {
            let name = "\(bench.folder)/\(UUID().uuidString)"
            let text =
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s=\"\(Namespace.soap)\" "
                + "xmlns:wsa=\"\(Namespace.addressing)\" xmlns:wsman=\"\(Namespace.wsman)\" "
                + "xmlns:wsen=\"\(Namespace.enumeration)\" xmlns:wsmid=\"\(Namespace.identity)\">"
                + "<s:Header>\(header)</s:Header><s:Body>\(body)</s:Body></s:Envelope>\n"
            try text.write(toFile: name, atomically: true, encoding: .utf8)
            try "digest\nuser = \"admin:\(Device.password)\"\n".write(
                toFile: "\(name).config", atomically: true, encoding: .utf8)
            let (status, output) = try await run(
                "/usr/bin/curl",
                [
                    "--silent", "--insecure", "--config", "\(name).config", "--user-agent", "Openwsman",
                    "--header", "Content-Type: application/soap+xml;charset=UTF-8", "--data-binary", "@\(name)",
                    "--output", "\(name).answer", "--write-out", "%{http_code}", endpoint,
                ])
            let answer = FileManager.default.contents(atPath: "\(name).answer") ?? Data()
            guard status == 0, output == "200", let body = try parseXML(Array(answer))["Body"] else {
                throw Unexpected("curl \(status), HTTP \(output): \(String(decoding: answer, as: UTF8.self))")
            }
            return body
        }
    }
}
