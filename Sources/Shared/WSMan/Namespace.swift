/// The namespaces of WS-Management.
///
/// Source: DSP0226 1.0.0, and the envelopes of AMT firmware in captures.
package enum Namespace {
    package static let soap = "http://www.w3.org/2003/05/soap-envelope"
    package static let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    package static let management = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
    package static let transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
    package static let enumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
    package static let schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"
    package static let schema = "http://www.w3.org/2001/XMLSchema"

    /// The address of an endpoint that is reached by the connection at hand.
    package static let anonymous = addressing + "/role/anonymous"
}
