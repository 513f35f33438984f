import Foundation
import TestKit
import Testing

@testable import AMTSimulator

/// Clients from PyPI that nobody here wrote, as they are; `packaging/install-test-clients` fetches them.
enum ThirdParty {
    static var folder: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".build/test-clients").path(percentEncoded: false)
    }

    /// In CI they have to be there.
    static let isThere =
        FileManager.default.fileExists(atPath: "\(folder)/installed")
        || ProcessInfo.processInfo.environment["CI"] != nil

    /// Runs Python in the clients' environment; its output has to be one JSON object.
    static func python(_ script: String, _ arguments: String...) async throws -> [String: Any] {
        // A bundle of authorities in the environment would overrule that the client was told not to verify.
        let (status, output) = try await run(
            "/usr/bin/env",
            ["-u", "REQUESTS_CA_BUNDLE", "-u", "CURL_CA_BUNDLE", "\(folder)/bin/python3", "-W", "ignore", "-c", script]
                + arguments)
        let last = output.split(separator: "\n").last ?? ""
        let object = try? JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
        return try #require(object, "status \(status): \(output)")
    }
}

@Suite(
    "Clients from PyPI against a simulator that runs", .serialized,
    .enabled(if: ThirdParty.isThere, "no clients are installed: run packaging/install-test-clients, which needs PyPI"))
struct ThirdPartyClientTests {
    @Test("napalm-amt reads the machine, over HTTP and over TLS", arguments: [16992, 16993])
    func napalm(port: Int) async throws {
        try await withBench(number: 60) { bench in
            try await bench.provision()
            let read = try await ThirdParty.python(
                """
                import json, sys
                from napalm_amt import AmtDriver
                options = {"port": int(sys.argv[2]), "verify_ssl": False}
                driver = AmtDriver(sys.argv[1], "admin", sys.argv[3], optional_args=options)
                driver.open()
                facts = driver.get_facts()
                print(json.dumps({
                    "fqdn": facts["fqdn"], "version": facts["os_version"], "alive": driver.is_alive()["is_alive"],
                    "uuid": driver.get_hardware_inventory()["system_uuid"],
                    "wired": driver.get_interfaces()[facts["interface_list"][0]]["is_up"],
                    "addresses": driver.get_interfaces_ip(), "tls": driver.get_management_protocols(),
                    "firmware": driver.get_firmware_inventory()}))
                """, bench.address, "\(port)", Device.password)
            #expect(read["fqdn"] as? String == "pc1.corp.example.test")
            #expect((read["version"] as? String)?.hasPrefix("12.0.67") == true)
            #expect((read["uuid"] as? String)?.lowercased() == Bench.uuid)
            #expect(read["alive"] as? Bool == true && read["wired"] as? Bool == true)
            #expect("\(read["addresses"] ?? "")".contains(bench.address))
            #expect((read["firmware"] as? [Any])?.isEmpty == false)
        }
    }

    @Test("napalm-amt's transport gets, enumerates, invokes, and tells a fault and a refusal from an answer")
    func transport() async throws {
        try await withBench(number: 61) { bench in
            try await bench.provision()
            let read = try await ThirdParty.python(
                """
                import json, sys
                from napalm_amt.wsman import WsmanAuthError, WsmanFault, WsmanTransport
                amt = WsmanTransport(sys.argv[1], "admin", sys.argv[2])
                result = {
                    "realm": amt.get("AMT_GeneralSettings")["DigestRealm"],
                    "settings": [item["InstanceID"] for item in amt.enumerate("AMT_TLSSettingData")],
                    "chosen": amt.get("AMT_TLSSettingData", {"InstanceID": "Intel(r) AMT LMS TLS Settings"})["ElementName"],
                    "none": amt.enumerate("AMT_PublicKeyCertificate"),
                    "uuid": amt.invoke("AMT_SetupAndConfigurationService", "GetUuid"),
                }
                try:
                    amt.get("CIM_NoSuchClass")
                except WsmanFault as fault:
                    result["fault"] = [fault.code, fault.subcode, fault.reason]
                result["after"] = amt.get("AMT_GeneralSettings")["HostName"]
                try:
                    WsmanTransport(sys.argv[1], "admin", "wrong").get("AMT_GeneralSettings")
                except WsmanAuthError:
                    result["refused"] = True
                print(json.dumps(result))
                """, bench.address, Device.password)
            #expect((read["realm"] as? String)?.hasPrefix("Digest:") == true)
            #expect((read["settings"] as? [String])?.count == 2)
            #expect(read["chosen"] is String)
            #expect((read["none"] as? [Any])?.isEmpty == true)
            #expect((read["uuid"] as? [String: Any])?["ReturnValue"] as? String == "0")
            #expect((read["fault"] as? [String])?.prefix(2) == ["Sender", "DestinationUnreachable"])
            #expect(read["after"] as? String == "pc1")
            #expect(read["refused"] as? Bool == true)
        }
    }

    @Test("amtctrl reads the power, switches it, and lets the machine boot from the network once")
    func amtctrl() async throws {
        try await withBench(number: 66) { bench in
            try await bench.provision()
            func amtctrl(_ words: String...) async throws -> String {
                let program = "\(ThirdParty.folder)/bin/amtctrl"
                return try await run(
                    "/usr/bin/env",
                    ["XDG_CONFIG_HOME=\(bench.folder)", "\(ThirdParty.folder)/bin/python3", "-W", "ignore", program]
                        + words
                ).output
            }
            _ = try await amtctrl("add", "pc1", bench.address, Device.password)
            #expect(try await amtctrl("list").contains("pc1"))
            #expect(try await amtctrl("pc1", "status") == "on\n")
            #expect(try await amtctrl("pc1", "off") == "")
            #expect(try await amtctrl("pc1", "status") == "off\n")
            #expect(try await amtctrl("pc1", "on") == "")
            #expect(try await amtctrl("pc1", "pxeboot") == "")
            let state = try await bench.control(#"{"do":"state"}"#)
            #expect(state["bootedFrom"] as? String == "Intel(r) AMT: Force PXE Boot")
            #expect(try await amtctrl("pc1", "reboot") == "")
            #expect(try await bench.control(#"{"do":"state"}"#)["bootedFrom"] as? String == "", "only once")
        }
    }

    @Test("amt's envelopes, with a full URL in To and everything marked as to be understood, are answered")
    func amtEnvelopes() async throws {
        try await withBench(number: 62) { bench in
            try await bench.provision()
            let read = try await ThirdParty.python(
                """
                import json, sys, requests
                import amt.client, amt.wsman
                from requests.auth import HTTPDigestAuth
                client = amt.client.Client(sys.argv[1], sys.argv[2])
                settings = "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings"
                answer = requests.post(client.uri, auth=HTTPDigestAuth("admin", sys.argv[2]),
                                       data=amt.wsman.get_request(client.uri, settings))
                print(json.dumps({"status": answer.status_code,
                                  "name": amt.client._find_value(answer.content, settings, "HostName")}))
                """, bench.address, Device.password)
            #expect(read["status"] as? Int == 200)
            #expect(read["name"] as? String == "pc1")
        }
    }
}
