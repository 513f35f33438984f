import Certificates
import CurlClient
import Fleet
import Foundation
import Logging
import Provisioning
import ServiceLifecycle
import Vocabulary

/// One webhook in `configuration.json`.
struct WebhookSettings: Codable {
    /// Small letters, digits and hyphens.
    var name: String
    var url: String
    /// Changes to other collections than these are not told; all are when left out.
    var collections: [String]?
    /// A PEM file with the authorities that may vouch for the receiver; the system's when left out.
    var authorities: String?
    /// How long the receiver may take for its answer; 10 when left out.
    var timeoutSeconds: Double?

    /// The webhook with its secret, which is made when there is none yet.
    func webhook(in folder: ServerFolder) throws -> Webhook {
        let file = "\(folder.path)/webhook-\(name).key"
        if !FileManager.default.fileExists(atPath: file) {
            try folder.create(file, Array(try randomBytes(32).hexadecimal.utf8) + [0x0A])
        }
        let secret = Secret(try folder.text(file).trimmingCharacters(in: .whitespacesAndNewlines))
        let known = try collections.map { names in
            try Set(
                names.map { text in
                    guard let collection = Fleet.Collection(rawValue: text) else { throw noCollection(text) }
                    return collection
                })
        }
        let anchors = try folder.text(authorities ?? "/etc/ssl/certs/ca-certificates.crt")
        return try Webhook(
            name: name, url: url, collections: known,
            trust: .authorities(anchors), timeout: .seconds(timeoutSeconds ?? 10), secret: secret)
    }
}

func noCollection(_ text: String) -> Failure {
    Failure(
        .configurationInvalid, "there is no collection '\(text)'",
        hint: "There are: \(Fleet.Collection.allCases.map(\.rawValue).joined(separator: ", ")).")
}

/// Tells webhooks what changed, and does what the configuration wants of machines in a collection.
struct WebhookService: Service {
    var core: ServerCore
    var log: any MembershipLog
    var webhooks: [Webhook]
    var actions: [Fleet.Collection: CollectionAction]
    var client: any HTTPSending
    /// Rung when a record may have changed; one for each webhook, and one for the actions.
    var bells: [JobBell]
    var logger: Logger

    static func bells(for webhooks: [Webhook]) -> [JobBell] { (0...webhooks.count).map { _ in JobBell() } }

    /// The pace at which tries are repeated that are due, and at which it is seen that `webhooks replay` moved a place.
    private static let pace = Duration.seconds(1)

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup { group in
                // A receiver that is slow keeps nobody else waiting.
                for (webhook, bell) in zip(webhooks, bells) { group.addTask { try await follow(webhook, bell) } }
                if let bell = bells.last { group.addTask { try await act(bell) } }
                group.addTask {
                    while !Task.isShuttingDownGracefully, !Task.isCancelled {
                        for bell in bells { bell.ring() }
                        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pace) }
                    }
                }
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            for bell in bells { bell.stop() }
        }
    }

    private func act(_ bell: JobBell) async throws {
        if actions.isEmpty { return }
        for await _ in bell.rings { try await core.act(actions, on: log) }
    }

    private func follow(_ webhook: Webhook, _ bell: JobBell) async throws {
        for await _ in bell.rings {
            try await webhook.deliver(from: log, by: client, clock: core.clock) { change, state in
                logger.warning(
                    "webhook not taken",
                    metadata: [
                        "webhook": "\(webhook.name)", "change": "\(change.sequence)", "tries": "\(state.tries)",
                        "problem": "\(state.problem ?? "-")",
                    ])
            }
        }
    }
}
