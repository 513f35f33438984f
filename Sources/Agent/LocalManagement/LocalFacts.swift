package import AMTOperations
package import Certificates
package import Reconciliation
package import Vocabulary
package import WSMan

/// What only the firmware's own WS-Man tells of its names, its TLS and its certificate.
package struct LocalFacts: Sendable {
    package var general: AMT.GeneralSettings.Settings
    /// Of the network and of the host's own way; a refusal where the local system account may not read them.
    package var tls: Result<[AMT.TLSSettingData.Settings], WSManFault>
    /// The certificate that the firmware is set to present; `nil` inside when there is none.
    package var selected: Result<Certificate?, WSManFault>

    /// Asks the firmware; changes nothing.
    ///
    /// - Throws: ``WSManFault`` when the names cannot be read; what the account may not read is a value.
    package static func read(_ session: WSManSession) async throws(WSManFault) -> LocalFacts {
        let general = try await session.perform(AMT.GeneralSettings.Get())
        var facts = LocalFacts(general: general, tls: .success([]), selected: .success(nil))
        do throws(WSManFault) {
            facts.tls = .success(try await session.enumerate(AMT.TLSSettingData.self))
        } catch { facts.tls = .failure(try bearable(error)) }
        do throws(WSManFault) {
            facts.selected = .success(try await selected(session))
        } catch { facts.selected = .failure(try bearable(error)) }
        return facts
    }

    private static func selected(_ session: WSManSession) async throws(WSManFault) -> Certificate? {
        guard let context = try await session.enumerate(AMT.TLSCredentialContext.self).first else { return nil }
        let stored = try await session.perform(AMT.PublicKeyCertificate.Get(context.certificate))
        do throws(Failure) { return try Certificate(der: stored.certificate) } catch {
            throw .unreadable(error.message)
        }
    }

    /// A no, or an answer that says nothing, leaves the rest of the facts as they are; a lost connection does not.
    private static func bearable(_ fault: WSManFault) throws(WSManFault) -> WSManFault {
        switch fault {
        case .fault, .refused, .unreadable: return fault
        default: throw fault
        }
    }

    /// The name of the system as somebody told it to the firmware.
    package var hostOSFQDN: Reading {
        guard !general.hostOSFQDN.isEmpty else { return .empty }
        do throws(Hostname.Flaw) { return .name(try Hostname(international: general.hostOSFQDN)) } catch {
            return .unreadable("HostOSFQDN is no host name: \(error)")
        }
    }

    /// The certificate that out-of-band management sees: the selected one, else what the local port presented.
    ///
    /// A certificate of the firmware's own making carries no name of this machine, and so is none.
    package func certificate(presented: Certificate?) -> Result<Certificate?, WSManFault> {
        switch selected {
        case .success(nil): .success(presented)
        case .failure(let fault): presented.map { .success($0) } ?? .failure(fault)
        case .success: selected
        }
    }
}

extension Certificate {
    /// The host names in it: the alternative names, and without those the common name.
    package var hostnames: [Hostname] {
        (dnsNames.isEmpty ? [subjectCommonName] : dnsNames).compactMap { try? Hostname(international: $0) }
            .filter(\.isQualified)
    }

    /// As a facet: the name asked about where the certificate has it, else its first one.
    package func reading(of name: Hostname?) -> Reading {
        let names = hostnames
        if let name, names.contains(name) { return .name(name) }
        return names.first.map { .name($0) } ?? .empty
    }
}
