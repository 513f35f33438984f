import AMTOperations
import AgentCore
import Certificates
import Glibc
import LocalManagement
import Reconciliation
import Vocabulary
import WSMan

/// What `local` found, ready to be shown.
struct LocalReport {
    var device: String
    var facts: LocalFacts
    var seen: LocalTransport.Seen?
    var os: Hostname?

    private var presented: Certificate? { seen?.chain.first }
    private var certificate: Result<Certificate?, WSManFault> { facts.certificate(presented: presented) }

    private var certificateReading: Reading {
        switch certificate {
        case .success(let certificate): certificate?.reading(of: os) ?? .empty
        case .failure(let fault): .unreadable("\(fault)")
        }
    }

    private func settings(_ interface: AMT.TLSSettingData.Interface) -> AMT.TLSSettingData.Settings? {
        (try? facts.tls.get())?.first { $0.interface == interface }
    }

    private var believedBy: String? {
        guard case .believed(let basis) = seen?.verdict else { return nil }
        return basis.rawValue
    }

    // MARK: for programs

    /// Names of members are never changed or removed.
    var json: JSONText {
        .object([
            .init("command", .text("local")), .init("agentVersion", .text(agentVersion)),
            .init("exitStatus", .number(0)), .init("device", .text(device)),
            .init("hostName", .text(facts.general.hostName)), .init("domainName", .text(facts.general.domainName)),
            .init("hostOSFQDN", .text(facts.general.hostOSFQDN)),
            .init("sharedFQDN", facts.general.sharedFQDN.map { .boolean($0) } ?? .null),
            .init("way", .optional(seen?.way.rawValue)), .init("osName", .optional(os?.text)),
            .init(
                "tls",
                .object([
                    .init("network", Self.json(settings(.remote))), .init("local", Self.json(settings(.local))),
                    .init("reason", .optional(facts.tls.fault.map { "\($0)" })),
                ])),
            .init("certificate", Self.json((try? certificate.get()) ?? nil)),
            .init("presented", Self.json(presented)), .init("believedBy", .optional(believedBy)),
            .init(
                "facets",
                .list([
                    Observation.json(.hostOSFQDN, facts.hostOSFQDN, os),
                    Observation.json(.certificate, certificateReading, os),
                ])),
        ])
    }

    private static func json(_ settings: AMT.TLSSettingData.Settings?) -> JSONText {
        guard let settings else { return .null }
        return .object([
            .init("enabled", .boolean(settings.enabled)),
            .init("mutualAuthentication", settings.mutualAuthentication.map { .boolean($0) } ?? .null),
            .init("acceptsPlain", settings.acceptNonSecureConnections.map { .boolean($0) } ?? .null),
        ])
    }

    private static func json(_ certificate: Certificate?) -> JSONText {
        guard let certificate else { return .null }
        return .object([
            .init("commonName", .text(certificate.subjectCommonName)),
            .init("dnsNames", .list(certificate.dnsNames.map { .text($0) })),
            .init("notBefore", .number(certificate.notBefore)), .init("notAfter", .number(certificate.notAfter)),
            .init("keySHA256", .text(certificate.publicKey.pin.hexadecimal)),
        ])
    }

    // MARK: for people

    var table: String {
        var rows: [(label: String, value: String)] = [
            ("host name", Self.shown(facts.general.hostName)), ("domain", Self.shown(facts.general.domainName)),
            ("system's name, as told to it", Self.shown(facts.general.hostOSFQDN)),
            ("shares the name", facts.general.sharedFQDN.map { $0 ? "yes" : "no" } ?? "unknown"),
            ("TLS to the network", Self.shown(settings(.remote))), ("TLS to the host", Self.shown(settings(.local))),
        ]
        switch certificate {
        case .success(let certificate?):
            let names = certificate.hostnames.map(\.text).joined(separator: ", ")
            rows.append(("certificate", names.isEmpty ? "its own, without a name of this machine" : names))
            rows.append(("  SHA-256 of its key", certificate.publicKey.pin.hexadecimal))
            rows.append(("  valid until", Self.day(certificate.notAfter)))
        case .success(nil): rows.append(("certificate", "none"))
        case .failure(let fault): rows.append(("certificate", "unreadable: \(printable("\(fault)"))"))
        }
        let way = seen?.way == .lms ? "Intel's LMS" : "the firmware's port forwarding client"
        rows.append(("read through", way + (believedBy.map { ", by TLS, believed by \($0)" } ?? "")))
        return rows.map { $0.label + String(repeating: " ", count: 30 - $0.label.count) + $0.value }
            .joined(separator: "\n")
    }

    private static func shown(_ text: String) -> String { text.isEmpty ? "none" : printable(text) }

    private static func shown(_ settings: AMT.TLSSettingData.Settings?) -> String {
        guard let settings else { return "unknown" }
        guard settings.enabled else { return "off" }
        return "on" + (settings.mutualAuthentication == true ? ", clients need a certificate" : "")
            + (settings.acceptNonSecureConnections == true ? ", plain connections too" : "")
    }

    /// UTC.
    private static func day(_ seconds: Int) -> String {
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}

extension Result {
    fileprivate var fault: Failure? {
        if case .failure(let fault) = self { return fault }
        return nil
    }
}
