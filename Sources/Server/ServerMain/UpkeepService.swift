import Jobs
import Logging
import Provisioning
import ServiceLifecycle
import Vocabulary

/// Finds what time alone makes due: accounts past their end, certificates near theirs, the revocation list.
///
/// What it finds becomes jobs. The time is the core's clock; only the pause between two looks is real.
struct UpkeepService: Service {
    var core: ServerCore
    var authority: BuiltInAuthority
    /// In seconds.
    var renewBefore: Double
    var revocationList: String
    var pause: Duration
    var logger: Logger

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(Failure) {
                for job in try await core.upkeep(renewBefore: renewBefore) {
                    logger.notice("upkeep", metadata: ["job": "\(job.id)", "kind": "\(job.kind.rawValue)"])
                }
                try await writeRevocationList(authority, to: revocationList, now: core.clock())
            } catch { logger.error("upkeep cannot be done", metadata: ["failure": "\(error)"]) }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
    }
}
