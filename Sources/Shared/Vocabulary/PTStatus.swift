/// The status word of the host interface, and the `ReturnValue` of `AMT_` classes.
///
/// Other families number their answers method by method: there, 2 may mean "invalid state". The set is open: firmware
/// may answer with a word that is not named here. Source: StatusCodeDefinitions.h of Intel LMS; the status table of the
/// Intel AMT SDK.
package struct PTStatus: RawRepresentable, Error, Hashable, Codable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let success = PTStatus(rawValue: 0)
    package static let internalError = PTStatus(rawValue: 1)
    package static let notReady = PTStatus(rawValue: 2)
    package static let invalidMode = PTStatus(rawValue: 3)
    package static let invalidMessageLength = PTStatus(rawValue: 4)
    package static let invalidName = PTStatus(rawValue: 12)
    package static let notPermitted = PTStatus(rawValue: 16)
    package static let maxLimitReached = PTStatus(rawValue: 23)
    package static let invalidProvisioningState = PTStatus(rawValue: 32)
    package static let invalidParameter = PTStatus(rawValue: 36)
    package static let flashWriteLimitExceeded = PTStatus(rawValue: 38)
    package static let invalidCommand = PTStatus(rawValue: 2051)
    package static let invalidHandle = PTStatus(rawValue: 2053)
    package static let invalidPassword = PTStatus(rawValue: 2054)
    package static let invalidRealm = PTStatus(rawValue: 2055)
    package static let dataMissing = PTStatus(rawValue: 2057)
    package static let duplicate = PTStatus(rawValue: 2058)
    package static let invalidKey = PTStatus(rawValue: 2062)
    package static let invalidCertificate = PTStatus(rawValue: 2063)
    package static let certificateAndKeyDoNotMatch = PTStatus(rawValue: 2064)
    package static let unsupported = PTStatus(rawValue: 2066)
    package static let notFound = PTStatus(rawValue: 2068)
    package static let blockingComponent = PTStatus(rawValue: 2076)
    package static let operationInProgress = PTStatus(rawValue: 2082)
}

extension PTStatus: CustomStringConvertible {
    /// The SDK's word for it, or the number.
    package var description: String { Self.names[rawValue] ?? "PT_STATUS \(rawValue)" }

    /// What the word means, in the SDK's spelling without its prefix.
    package static let names: [UInt32: String] = [
        0: "SUCCESS", 1: "INTERNAL_ERROR", 2: "NOT_READY", 3: "INVALID_PT_MODE", 4: "INVALID_MESSAGE_LENGTH",
        12: "INVALID_NAME", 16: "NOT_PERMITTED", 23: "MAX_LIMIT_REACHED", 32: "INVALID_PROVISIONING_STATE",
        34: "INVALID_TIME", 35: "INVALID_INDEX", 36: "INVALID_PARAMETER", 38: "FLASH_WRITE_LIMIT_EXCEEDED",
        2051: "INVALID_COMMAND", 2053: "INVALID_HANDLE", 2054: "INVALID_PASSWORD", 2055: "INVALID_REALM",
        2057: "DATA_MISSING", 2058: "DUPLICATE", 2060: "PKI_MISSING_KEYS", 2061: "PKI_GENERATING_KEYS",
        2062: "INVALID_KEY", 2063: "INVALID_CERT", 2064: "CERT_KEY_NOT_MATCH", 2066: "UNSUPPORTED", 2068: "NOT_FOUND",
        2075: "AUDIT_FAIL", 2076: "BLOCKING_COMPONENT", 2081: "USER_CONSENT_REQUIRED", 2082: "OPERATION_IN_PROGRESS",
    ]
}

// A reader who types the SDK's name is led to ours.
extension PTStatus {
    @available(*, unavailable, renamed: "notPermitted")
    package static var PT_STATUS_NOT_PERMITTED: PTStatus { notPermitted }
    @available(*, unavailable, renamed: "dataMissing")
    package static var PT_STATUS_DATA_MISSING: PTStatus { dataMissing }
}
