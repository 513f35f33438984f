import AgentTestKit
import Foundation
import TestKit

/// What each job costs the firmware: requests and handshakes, and why each request is made.
///
/// Read from the jobs' own pages, with the firmware's own counts beside them. A step that is taken up again looks first,
/// and asks more than the table below knows.
struct RequestsBenchmark {
    private let site: Site
    private var jobs = 0

    static func run() async throws {
        try await withTemporaryFolder { folder in
            var bench = RequestsBenchmark(site: try await Site(in: folder))
            bench.jobs = 1
            try await bench.report("provisioning, PKI", since: (0, 0))
            try await bench.job("rename in place, the account's nonce remembered (at most 14 and 2)") { site in
                try Self.require(try await site.sync(name: "ws-1.corp.example.test"))
            }
            try await bench.job("rename in place, with an account of its own") { site in
                try Self.require(try await site.sync(name: "ws-2.corp.example.test"))
            }
            try await bench.job("renewal") { try await Self.require($0.console("devices", "renew", Site.machine)) }
            try await bench.job("reprovisioning") { site in
                try await Self.require(site.console("devices", "reprovision", Site.machine))
            }
            try await bench.job("sweep") { try await Self.require($0.console("accounts", "sweep", Site.machine)) }
            try await bench.job("partial unprovisioning") { site in
                try await Self.require(site.console("devices", "unprovision", "--partial", Site.machine))
            }
            await bench.site.stop()
        }
        try await withTemporaryFolder { folder in
            var bench = RequestsBenchmark(site: try await Site(in: folder))
            bench.jobs = 1
            try await bench.site.crashServer()
            try await bench.job("rename in place, a server that has just started (at most 15 and 3)") { site in
                try Self.require(try await site.sync(name: "ws-1.corp.example.test"))
            }
            await bench.site.stop()
        }
    }

    private init(site: Site) { self.site = site }

    private static func require(_ outcome: (status: Int32, output: String)) throws {
        guard outcome.status == 0 else { throw Unexpected(outcome.output) }
    }

    private func counts() async throws -> (requests: Int, handshakes: Int) {
        let state = try await site.control(#"{"do":"state"}"#)
        return (state["requests"] as? Int ?? 0, state["handshakes"] as? Int ?? 0)
    }

    private mutating func job(_ title: String, _ begin: (Site) async throws -> Void) async throws {
        let before = try await counts()
        try await begin(site)
        jobs += 1
        try await report(title, since: before)
    }

    private func report(_ title: String, since before: (requests: Int, handshakes: Int)) async throws {
        let page = try await site.end(of: "\(jobs)")
        guard page.contains(#""state":"done""#) else { throw Unexpected("\(title): \(page)") }
        let after = try await counts()
        let requests = try Self.requests(page)
        let (made, handshakes) = (after.requests - before.requests, after.handshakes - before.handshakes)
        say("\(title): \(made) requests, \(handshakes) handshakes")
        // What nobody answered, while the firmware restarted its network, the firmware does not count.
        let answered = requests.filter { Int($0.result) != nil }.count
        guard answered == made else { throw Unexpected("the job's page tells of \(answered) requests, not \(made)") }
        for request in requests { say(request.line) }
    }

    private struct Request {
        var step, title, user, result: String
        var opened: Bool
        var reason: String

        var line: String {
            func padded(_ text: String, _ width: Int) -> String {
                text + String(repeating: " ", count: max(1, width - text.count))
            }
            return "  " + padded(Int(result) == nil ? "none" : result, 5) + padded(user, 8)
                + padded(opened ? "new" : "", 5) + padded(step, 26) + padded(title, 55) + reason
        }
    }

    private static func requests(_ page: String) throws -> [Request] {
        guard let object = try JSONSerialization.jsonObject(with: Data(page.utf8)) as? [String: Any],
            let lines = object["lines"] as? [[String: Any]]
        else { throw Unexpected(page) }
        return lines.flatMap { line -> [Request] in
            let event = (line["event"] as? [String: [String: Any]])?.values.first
            let step = event?["_0"] as? String ?? ""
            return (line["requests"] as? [[String: Any]] ?? []).map { request in
                let (title, result) = (request["title"] as? String ?? "", request["result"] as? String ?? "")
                let reason =
                    result == "401"
                    ? "the firmware's challenge"
                    : reasons["\(step) \(title)"] ?? "the step was taken up again, and looks what is there"
                return Request(
                    step: step, title: title, user: request["user"] as? String ?? "-", result: result,
                    opened: request["opened"] as? Bool ?? false, reason: reason)
            }
        }
    }

    /// By step and request.
    private static let reasons = [
        "provision.identify AMT_SetupAndConfigurationService.GetUuid": "is it the machine that said hello",
        "provision.identify AMT_SetupAndConfigurationService.Get": "is it in set-up; its one-time password",
        "provision.identify AMT_GeneralSettings.Get": "the realm of its digests, and what the Put of names keeps",
        "provision.clock AMT_TimeSynchronizationService.GetLowAccuracyTimeSynch": "setting asks for the time it has",
        "provision.clock AMT_TimeSynchronizationService.SetHighAccuracyTimeSynch": "certificates have dates",
        "names AMT_GeneralSettings.Put": "the names",
        "provision.mebx AMT_SetupAndConfigurationService.SetMEBxPassword": "a commit wants one from AMT 19 on",
        "provision.admin AMT_AuthorizationService.SetAdminAclEntryEx": "the factory's password goes",
        "account AMT_AuthorizationService.AddUserAclEntryEx": "who mends is never admin",
        "provision.account AMT_AuthorizationService.AddUserAclEntryEx": "unprovisioning erased the one before",
        "tls.key-pair AMT_PublicKeyManagementService.GenerateKeyPair": "the key never leaves the firmware",
        "tls.certificate AMT_PublicPrivateKeyPair.Get": "its public half, for the request",
        "tls.certificate AMT_PublicKeyManagementService.GeneratePKCS10RequestEx": "the firmware signs it",
        "tls.add-certificate AMT_PublicKeyManagementService.AddCertificate": "the certificate goes into its store",
        "tls.context AMT_TLSCredentialContext.Enumerate": "is one selected already",
        "tls.context AMT_TLSCredentialContext.Pull": "as before",
        "tls.context AMT_TLSCredentialContext.Create": "the certificate is selected",
        "tls.context AMT_TLSCredentialContext.Put": "the certificate is selected in the former one's place",
        "provision.tls AMT_TLSSettingData.Enumerate": "what the Puts keep",
        "provision.tls AMT_TLSSettingData.Pull": "as before",
        "provision.tls AMT_TLSSettingData.Put": "TLS on, plain HTTP off: network, and host",
        "commit AMT_SetupAndConfigurationService.CommitChanges": "all of it at once",
        "provision.proof AMT_GeneralSettings.Get": "proof: certificate, pin, names, account",
        "provision.admin-proof AMT_SetupAndConfigurationService.GetUuid": "proof: admin's password logs on, once",
        "rename.observe AMT_SetupAndConfigurationService.GetUuid": "is it the machine",
        "rename.observe AMT_GeneralSettings.Get": "its names, the agent's echo, and what the Put of names keeps",
        "rename.proof AMT_GeneralSettings.Get": "proof: certificate, pin, names, the true name is back",
        "rename.remove-old AMT_PublicKeyCertificate.Delete": "one certificate",
        "rename.remove-old AMT_PublicPrivateKeyPair.Delete": "and one key pair stay",
        "account.removal AMT_AuthorizationService.RemoveUserAclEntry": "the temporary account goes, by itself",
        "reprovision.preconditions AMT_SetupAndConfigurationService.Get": "is it in admin control mode",
        "unprovision AMT_SetupAndConfigurationService.PartialUnprovision": "back to set-up",
        "account.sweep AMT_SetupAndConfigurationService.GetUuid": "is it the machine",
        "account.sweep AMT_AuthorizationService.EnumerateUserAclEntries": "what accounts there are",
        "account.sweep AMT_AuthorizationService.GetUserAclEntryEx": "whose each is",
        "account.sweep AMT_AuthorizationService.RemoveUserAclEntry": "one of ours past its end, or unknown",
    ]
}
