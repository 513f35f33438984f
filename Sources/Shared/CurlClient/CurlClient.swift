import CLibCurl
import Glibc
import Synchronization

/// HTTP out, on libcurl's multi interface (``SocketLoop``) and a thread of its own.
///
/// Connections are kept open and used again for the same peer, name, trust and identity. A request is sent at most once;
/// what became of one whose answer is lost, the caller finds out by looking.
package final class CurlClient: Sendable {
    private struct Waiting: Sendable {
        var request: HTTPRequest
        var continuation: CheckedContinuation<Result<HTTPAnswer, CurlFault>, Never>
    }

    private struct Inbox: Sendable {
        var next: UInt64 = 0
        var arrived: [(number: UInt64, Waiting)] = []
        var cancelled: Set<UInt64> = []
        var closing = false
    }

    private let inbox = Mutex(Inbox())
    private let bell: Bell

    /// - Throws: ``CurlFault/unusable(_:)`` when libcurl or a thread cannot be had.
    package init() throws(CurlFault) {
        guard Self.libraryReady else { throw .unusable("libcurl does not start") }
        bell = try Bell()
        var thread = pthread_t()
        let work = Unmanaged.passRetained(self)
        let outcome = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<CurlClient>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard outcome == 0 else {
            work.release()
            throw .unusable("no thread (error \(outcome))")
        }
        pthread_detach(thread)
    }

    private static let libraryReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// Sends the request once and waits for its answer, whatever its status.
    ///
    /// - Throws: ``CurlFault``; after ``CurlFault/lost(_:)`` the request may have arrived.
    package func send(_ request: HTTPRequest) async throws(CurlFault) -> HTTPAnswer {
        let number = inbox.withLock { inbox in
            inbox.next += 1
            return inbox.next
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let taken = inbox.withLock { inbox in
                    // A task cancelled before this has had its handler run already, with nothing to cancel.
                    guard !inbox.closing, !Task.isCancelled else { return false }
                    inbox.arrived.append((number, Waiting(request: request, continuation: continuation)))
                    return true
                }
                if taken {
                    bell.ring()
                } else {
                    continuation.resume(returning: .failure(.cancelled))
                }
            }
        } onCancel: {
            inbox.withLock { _ = $0.cancelled.insert(number) }
            bell.ring()
        }
        return try result.get()
    }

    /// Ends the thread and closes what is open; requests under way are cancelled.
    package func close() {
        let first = inbox.withLock { inbox in
            defer { inbox.closing = true }
            return !inbox.closing
        }
        if first { bell.ring() }
    }

    // MARK: the client's thread

    private func run() {
        let loop: SocketLoop
        do throws(CurlFault) { loop = try SocketLoop(bell) } catch { return refuse(error) }
        let materials = TLSMaterials()
        var underWay: [UInt64: (transfer: Transfer, waiting: Waiting)] = [:]
        while true {
            let (arrived, cancelled, closing) = inbox.withLock { inbox in
                defer {
                    inbox.arrived = []
                    inbox.cancelled = []
                }
                return (inbox.arrived, inbox.cancelled, inbox.closing)
            }
            for (number, waiting) in arrived { start(number, waiting, loop, materials, &underWay) }
            for number in closing ? Set(underWay.keys) : cancelled {
                guard let (transfer, waiting) = underWay.removeValue(forKey: number) else { continue }
                loop.remove(transfer.easy)
                waiting.continuation.resume(returning: .failure(.cancelled))
            }
            if closing { break }
            loop.turn()
            while let (easy, code) = loop.finished() {
                var context: UnsafeMutableRawPointer?
                house_curl_get_context(easy, &context)
                loop.remove(easy)
                guard let context else { continue }
                let number = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().number
                guard let (transfer, waiting) = underWay.removeValue(forKey: number) else { continue }
                // Each time closes the connection that was offered, so that there is an end.
                if transfer.metOlderConnection {
                    start(number, waiting, loop, materials, &underWay)
                } else {
                    waiting.continuation.resume(returning: transfer.finish(code))
                }
            }
        }
    }

    /// Where the thread cannot work, nothing is taken any more.
    private func refuse(_ fault: CurlFault) {
        let arrived = inbox.withLock { inbox in
            defer { inbox.arrived = [] }
            inbox.closing = true
            return inbox.arrived
        }
        for (_, waiting) in arrived { waiting.continuation.resume(returning: .failure(fault)) }
    }

    private func start(
        _ number: UInt64, _ waiting: Waiting, _ loop: SocketLoop, _ materials: TLSMaterials,
        _ underWay: inout [UInt64: (transfer: Transfer, waiting: Waiting)]
    ) {
        do throws(CurlFault) {
            let transfer = try Transfer(waiting.request, number: number, materials)
            try loop.add(transfer.easy)
            underWay[number] = (transfer, waiting)
        } catch {
            waiting.continuation.resume(returning: .failure(error))
        }
    }
}
