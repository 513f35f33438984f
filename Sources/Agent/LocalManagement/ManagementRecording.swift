package import AgentCore
import Synchronization
package import WSMan

/// Carries envelopes as another transport does, and keeps what went to and fro, redacted.
package final class ManagementRecording: WSManTransport {
    package struct Exchange: Hashable, Sendable {
        package var operation: String
        package var request: String
        /// Redacted; `nil` where there was none.
        package var answer: String?
        package var fault: String?
    }

    private let transport: any WSManTransport
    private let kept = Mutex<[Exchange]>([])

    package init(of transport: any WSManTransport) { self.transport = transport }

    package var exchanges: [Exchange] { kept.withLock { $0 } }

    package func exchange(_ envelope: [UInt8], title: String) async throws(WSManFault) -> [UInt8] {
        var exchange = Exchange(operation: title, request: redactedXML(String(decoding: envelope, as: UTF8.self)))
        do throws(WSManFault) {
            let answer = try await transport.exchange(envelope, title: title)
            exchange.answer = redactedXML(String(decoding: answer, as: UTF8.self))
            kept.withLock { $0.append(exchange) }
            return answer
        } catch {
            if case .peerNotTrusted = error {
                exchange.fault = "not believed"
            } else {
                exchange.fault = "\(error)"
            }
            kept.withLock { $0.append(exchange) }
            throw error
        }
    }

    /// Names of members are never changed or removed.
    package static func json(_ exchanges: [Exchange], seen: LocalTransport.Seen?, fault: String?) -> JSONText {
        .object([
            .init("way", .optional(seen?.way.rawValue)),
            .init("certificates", .number(seen?.chain.count ?? 0)),
            .init("onDie", .boolean(seen.map { LocalTrust.looksOnDie($0.chain) } ?? false)),
            .init("fault", .optional(fault)),
            .init(
                "exchanges",
                .list(
                    exchanges.map { exchange in
                        .object([
                            .init("operation", .text(exchange.operation)), .init("request", .text(exchange.request)),
                            .init("answer", .optional(exchange.answer)), .init("fault", .optional(exchange.fault)),
                        ])
                    })),
        ])
    }
}

/// XML whose texts tell nothing of the machine: letters and digits become `x`, but for what all machines of a kind have.
///
/// Kept are truth values, numbers of up to six digits, the firmware's own names of things (`Intel(r) AMT …`), and whatever
/// begins with the address of a schema or `uuid:00000000-`: names of classes, and the numbers of messages. Tags, and so attributes, stay.
func redactedXML(_ text: String) -> String {
    var (shown, content, isTag): (String, String, Bool) = ("", "", false)
    for character in text {
        switch character {
        case "<":
            shown += redactedText(content)
            (content, isTag) = ("", true)
            shown.append(character)
        case ">" where isTag:
            isTag = false
            shown.append(character)
        case _ where isTag: shown.append(character)
        default: content.append(character)
        }
    }
    return shown + redactedText(content)
}

private func redactedText(_ text: String) -> String {
    let isHarmless =
        ["true", "false"].contains(text) || (text.utf8.count <= 6 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 })
        || ["Intel(r) ", "http://schemas.", "http://intel.com/", "http://www.w3.org/", "uuid:00000000-"].contains {
            text.hasPrefix($0)
        }
        || text.hasPrefix("TLSProtocolEndpoint")
    return isHarmless ? text : String(text.map { $0.isLetter || $0.isNumber ? "x" : $0 })
}
