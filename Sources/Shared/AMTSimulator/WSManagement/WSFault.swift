/// A fault, with the words that captures show.
///
/// Source: network reference 8.5; texts of faults that no capture holds are chosen, see README.
enum WSFault: Error, Hashable {
    case destinationUnreachable
    case alreadyExists
    case invalidRepresentation
    case actionNotSupported
    case invalidEnumerationContext
    case accessDenied
    case quotaLimit
    case envelopeSize
    /// A header that has to be understood, and is not.
    case mustUnderstand
    /// A feature's own error, by its PT status.
    case internalError(UInt32)

    /// The kind of fault beneath sender or receiver; empty where the code itself says all.
    var subcode: String {
        switch self {
        case .mustUnderstand: ""
        case .destinationUnreachable: "b:DestinationUnreachable"
        case .alreadyExists: "e:AlreadyExists"
        case .invalidRepresentation: "d:InvalidRepresentation"
        case .actionNotSupported: "b:ActionNotSupported"
        case .invalidEnumerationContext: "c:InvalidEnumerationContext"
        case .accessDenied: "e:AccessDenied"
        case .quotaLimit: "e:QuotaLimit"
        case .envelopeSize: "e:EncodingLimit"
        case .internalError: "e:InternalError"
        }
    }

    var reason: String {
        switch self {
        case .destinationUnreachable:
            "No route can be determined to reach the destination role defined by the WSAddressing To."
        case .alreadyExists: "The sender attempted to create a resource which already exists."
        case .invalidRepresentation: "The XML content is not valid."
        case .actionNotSupported: "The action is not supported by the service."
        case .invalidEnumerationContext: "The supplied enumeration context is invalid."
        case .accessDenied: "The sender was not authorized to access the resource."
        case .quotaLimit: "The service is busy servicing other requests."
        case .envelopeSize:
            "An internal encoding limit was exceeded in a request or would be violated if the message were processed."
        case .mustUnderstand: "A header that has to be understood is not."
        case .internalError: "The service cannot comply with the request due to internal processing errors."
        }
    }

    var action: String {
        switch self {
        case .destinationUnreachable, .actionNotSupported, .mustUnderstand:
            "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault"
        default: "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
        }
    }

    var detail: String {
        switch self {
        case .internalError(let status): "AMT-STATUS \(status)"
        case .invalidRepresentation:
            "<e:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MissingValues</e:FaultDetail>"
        default: ""
        }
    }

    var code: String {
        switch self {
        case .mustUnderstand: "a:MustUnderstand"
        default: isReceiver ? "a:Receiver" : "a:Sender"
        }
    }

    var isReceiver: Bool {
        switch self {
        case .quotaLimit, .internalError: true
        default: false
        }
    }
}
