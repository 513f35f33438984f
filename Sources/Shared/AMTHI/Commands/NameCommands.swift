/// The firmware's own name; since AMT 6.0.
///
/// Answer: SharedFQDN, boolean at 16; DDNSUpdateEnabled, boolean at 20; DDNSPeriodicUpdateInterval, word at 24, minutes;
/// DDNSTTL, word at 28, seconds; HostNameLength, word at 32; the FQDN, counted text at 36.
/// Source: `GetFQDNCommand.h` in Intel LMS.
package struct GetFQDN: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0056
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> FirmwareFQDN {
        var reader = ByteReader(data)
        let answer = FirmwareFQDN(
            shared: try reader.boolean(), dnsUpdateEnabled: try reader.boolean(), dnsUpdateMinutes: try reader.word32(),
            dnsTTLSeconds: try reader.word32(), hostNameLength: try reader.word32(), name: try reader.countedText())
        try reader.finish()
        return answer
    }
}

/// The answer to ``GetFQDN``.
package struct FirmwareFQDN: Hashable, Sendable {
    /// Whether the firmware's name shall be the operating system's.
    package var shared: Bool
    package var dnsUpdateEnabled: Bool
    package var dnsUpdateMinutes: UInt32
    package var dnsTTLSeconds: UInt32
    /// How many bytes of the name are the host's; whether a dot counts is not known.
    package var hostNameLength: UInt32
    /// As sent; empty when the firmware has none.
    package var name: String

    package init(
        shared: Bool, dnsUpdateEnabled: Bool, dnsUpdateMinutes: UInt32, dnsTTLSeconds: UInt32, hostNameLength: UInt32,
        name: String
    ) {
        self.shared = shared
        self.dnsUpdateEnabled = dnsUpdateEnabled
        self.dnsUpdateMinutes = dnsUpdateMinutes
        self.dnsTTLSeconds = dnsTTLSeconds
        self.hostNameLength = hostNameLength
        self.name = name
    }
}

/// Tells the firmware the operating system's name; since AMT 6.0.
///
/// It shows up as `AMT_GeneralSettings.HostOSFQDN`; the firmware's own name stays. The only command of this project's
/// agent that changes anything. Request: counted text, and the count includes a NUL at the end, as Intel LMS sends it.
/// Whether the firmware needs the NUL is not known. Answer: the status alone.
package struct SetHostFQDN: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_005B
    package static let changesFirmware = true

    private let text: [UInt8]

    /// - Returns: `nil` when the name with its NUL is longer than 255 bytes, which Intel LMS's reader could not take back,
    ///   or holds a NUL itself.
    package init?(name: String) {
        text = Array(name.utf8) + [0]
        guard text.count <= 255, !text.dropLast().contains(0) else { return nil }
    }

    package var payload: [UInt8] { littleEndian(UInt16(text.count)) + text }

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) {
        guard data.isEmpty else { throw .answerUnreadable("it carries \(data.count) bytes of data, expected none") }
    }
}

/// The DNS suffix for which the firmware takes a set-up certificate.
///
/// Answer: counted text at 16; empty or a lone dot when none is set (`pkg/pthi` in rpc-go).
package struct GetPkiFQDNSuffix: HostInterfaceCommand {
    package static let code: UInt32 = 0x0400_0036
    package init() {}

    package static func answer(from data: [UInt8]) throws(HostInterfaceFault) -> String {
        var reader = ByteReader(data)
        let suffix = try reader.countedText()
        try reader.finish()
        return suffix
    }
}
