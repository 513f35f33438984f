package import LibXML
package import WSMan

extension AMT {
    /// Which certificate the firmware's TLS presents; at most one instance.
    ///
    /// Its two keys are references: to a certificate, and to the collection of TLS endpoints, of which there is one.
    package enum TLSCredentialContext: WSManClass {
        package typealias Instance = Context
        package static let resource = ResourceClass.amt("TLSCredentialContext")

        package static func instance(from element: XMLElement) throws(WSManFault) -> Context {
            try Context(try ManagedObject(element, of: resource))
        }

        static func certificate(_ id: String) -> EndpointReference {
            EndpointReference(AMT.PublicKeyCertificate.resource, [Selector("InstanceID", id)])
        }

        /// The collection as firmware names itself in captures; some clients leave out the first blank.
        static let collection = EndpointReference(
            ResourceClass.amt("TLSProtocolEndpointCollection"),
            [Selector("ElementName", "TLSProtocolEndpoint Instances Collection")])

        /// The keys of the context that presents this certificate.
        static func selectors(_ certificate: String) -> [Selector] {
            [
                Selector("ElementInContext", Self.certificate(certificate)),
                Selector("ElementProvidingContext", collection),
            ]
        }

        static func properties(_ certificate: String) -> [XMLElement] {
            [
                XMLElement("ElementInContext", in: resource.uri, children: Self.certificate(certificate).content),
                XMLElement("ElementProvidingContext", in: resource.uri, children: collection.content),
            ]
        }
    }
}

extension AMT.TLSCredentialContext {
    /// The context as the firmware shows it.
    package struct Context: Hashable, Sendable {
        /// The `InstanceID` of the certificate that is presented.
        package let certificate: String

        init(_ object: ManagedObject) throws(WSManFault) {
            guard let element = object["ElementInContext"] else {
                throw .unreadable("\(resource.name) has no ElementInContext")
            }
            certificate = try EndpointReference(element).key("InstanceID", of: AMT.PublicKeyCertificate.resource)
        }
    }

    /// Lets TLS present a certificate, when it presents none yet.
    ///
    /// It takes effect at the next CommitChanges. The output is the `InstanceID` of the certificate, as the firmware
    /// names it in its reference to the new context. A second context is refused with the fault `AlreadyExists`.
    package struct Create: WSManOperation {
        package static let resource = AMT.TLSCredentialContext.resource
        package static let verb = Verb.create
        package let certificate: String

        /// - Parameter certificate: The `InstanceID` of a certificate whose key is in the firmware.
        package init(certificate: String) { self.certificate = certificate }

        package var input: [XMLElement] { AMT.TLSCredentialContext.properties(certificate) }

        package static func output(from body: XMLElement?) throws(WSManFault) -> String {
            guard let body, body.name == "ResourceCreated", body.namespace == Namespace.transfer else {
                throw .unreadable("\(title): expected ResourceCreated, got \(body?.name ?? "an empty body")")
            }
            for selector in try EndpointReference(body).selectors where selector.name == "ElementInContext" {
                if case .reference(let certificate) = selector.value {
                    return try certificate.key("InstanceID", of: AMT.PublicKeyCertificate.resource)
                }
            }
            throw .unreadable("\(title): the answer names no certificate")
        }
    }

    /// Lets TLS present another certificate.
    ///
    /// It takes effect at the next CommitChanges.
    package struct Put: WSManOperation {
        package static let resource = AMT.TLSCredentialContext.resource
        package static let verb = Verb.put
        package let certificate: String
        package let replaced: String?

        /// Exchanges the certificate.
        ///
        /// - Parameters:
        ///   - certificate: The `InstanceID` of the certificate to present.
        ///   - replaced: That of the one presented so far; the request then names its context by its keys. Firmware
        ///     takes both forms, for there is only one context.
        package init(certificate: String, replacing replaced: String? = nil) {
            self.certificate = certificate
            self.replaced = replaced
        }

        package var selectors: [Selector] { replaced.map { AMT.TLSCredentialContext.selectors($0) } ?? [] }
        package var input: [XMLElement] { AMT.TLSCredentialContext.properties(certificate) }

        package static func output(from body: XMLElement?) throws(WSManFault) -> Context {
            guard let body else { throw .unreadable("\(title): the answer is empty") }
            return try AMT.TLSCredentialContext.instance(from: body)
        }
    }

    package typealias Delete = WSMan.Delete<AMT.TLSCredentialContext>
}

extension Delete where Class == AMT.TLSCredentialContext {
    /// Lets TLS present this certificate no longer, by its `InstanceID`.
    package init(certificate: String) { self.init(AMT.TLSCredentialContext.selectors(certificate)) }
}
