import LibXML

enum AMT_TLSProtocolEndpointCollection: FirmwareClass {
    static let name = "AMT_TLSProtocolEndpointCollection"
    static let elementName = "TLSProtocolEndpoint Instances Collection"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [instance(["ElementName": .text(elementName)])]
    }
}

enum AMT_TLSCredentialContext: FirmwareClass {
    static let name = "AMT_TLSCredentialContext"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        guard let handle = firmware.tls.certificate else { return [] }
        return [
            instance([
                "ElementInContext": AMT_PublicKeyManagementService.certificate(handle),
                "ElementProvidingContext": .reference(
                    resource: Namespace.ofClass(AMT_TLSProtocolEndpointCollection.name),
                    selectors: ["ElementName": AMT_TLSProtocolEndpointCollection.elementName]),
            ])
        ]
    }

    static func create(_ firmware: inout SimulatedFirmware, _ body: XMLElement) throws(WSFault) -> Instance {
        guard firmware.tls.certificate == nil else { throw .alreadyExists }
        try select(&firmware, body)
        return instances(firmware)[0]
    }

    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        guard firmware.tls.certificate != nil else { throw .destinationUnreachable }
        try select(&firmware, body)
    }

    static func delete(_ firmware: inout SimulatedFirmware, _ instance: Instance) throws(WSFault) {
        firmware.tls.certificate = nil
    }

    private static func select(_ firmware: inout SimulatedFirmware, _ body: XMLElement) throws(WSFault) {
        guard let handle = AMT_PublicKeyManagementService.handle(in: body["ElementInContext"]),
            body["ElementProvidingContext"] != nil
        else { throw .invalidRepresentation }
        guard let stored = firmware.store.certificates[handle] else { throw .destinationUnreachable }
        guard firmware.store.key(of: stored.certificate) != nil else { throw .internalError(2064) }
        firmware.tls.certificate = handle
    }
}

enum AMT_TLSSettingData: FirmwareClass {
    static let name = "AMT_TLSSettingData"
    static let remote = "Intel(r) AMT 802.3 TLS Settings"
    static let local = "Intel(r) AMT LMS TLS Settings"

    static func instances(_ firmware: SimulatedFirmware) -> [Instance] {
        [(remote, firmware.tls.remote), (local, firmware.tls.local)].map { name, settings in
            // Where TLS cannot be done without, it is shown as it is: a Put of what was read has to be one that is taken.
            let isBound = name == local && !mayBePlain(name, firmware.personality)
            var properties: [String: PropertyValue] = [
                "AcceptNonSecureConnections": .boolean(settings.acceptsPlain && !isBound), "ElementName": .text(name),
                "Enabled": .boolean(settings.enabled || isBound), "InstanceID": .text(name),
                "MutualAuthentication": .boolean(settings.mutual),
            ]
            if firmware.personality.newerProperties.contains(.nonSecureConnectionsSupported) {
                properties["NonSecureConnectionsSupported"] = .boolean(mayBePlain(name, firmware.personality))
            }
            if !settings.trustedCN.isEmpty { properties["TrustedCN"] = .list(settings.trustedCN) }
            return instance(properties)
        }
    }

    static func put(_ firmware: inout SimulatedFirmware, _ request: WSRequest, _ body: XMLElement) throws(WSFault) {
        let wanted = request.selectors["InstanceID"]?.text ?? body["InstanceID"]?.text
        guard let enabled = truth(body["Enabled"]?.text) else { throw .invalidRepresentation }
        var settings = SimulatedFirmware.TLSSettings()
        settings.enabled = enabled
        settings.mutual = truth(body["MutualAuthentication"]?.text) ?? false
        settings.acceptsPlain = truth(body["AcceptNonSecureConnections"]?.text) ?? false
        settings.trustedCN = body.all("TrustedCN").map(\.text)
        // INVALID_PARAMETER: that such a Put is refused is documented, the number is chosen.
        if settings.acceptsPlain, let wanted, !mayBePlain(wanted, firmware.personality) { throw .internalError(36) }
        switch wanted {
        case remote: firmware.tls.remote = settings
        case local: firmware.tls.local = settings
        default: throw .destinationUnreachable
        }
    }

    /// Whether connections without TLS can be allowed there at all.
    private static func mayBePlain(_ name: String, _ personality: Personality) -> Bool {
        name == remote ? personality.servesPlain : !personality.needsTLSFromHost
    }
}
