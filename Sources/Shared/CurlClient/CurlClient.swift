import CLibCurl
import Glibc
import Synchronization

/// HTTP out, on libcurl's multi interface and a thread of its own.
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

    /// The multi handle, shared between threads for `curl_multi_wakeup` only.
    ///
    /// `@unchecked`: every other use is on the client's own thread; libcurl documents wakeup as callable from any thread.
    private struct Multi: @unchecked Sendable {
        let handle: UnsafeMutableRawPointer
    }

    private let inbox = Mutex(Inbox())
    private let multi: Multi

    /// - Throws: ``CurlFault/unusable(_:)`` when libcurl or a thread cannot be had.
    package init() throws(CurlFault) {
        guard Self.libraryReady, let handle = curl_multi_init() else { throw .unusable("no multi handle") }
        // The default prunes kept connections when many devices are spoken to at once.
        house_curl_multi_set_number(handle, CURLMOPT_MAXCONNECTS, 20_000)
        multi = Multi(handle: handle)
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
            curl_multi_cleanup(handle)
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
                    curl_multi_wakeup(multi.handle)
                } else {
                    continuation.resume(returning: .failure(.cancelled))
                }
            }
        } onCancel: {
            inbox.withLock { _ = $0.cancelled.insert(number) }
            curl_multi_wakeup(multi.handle)
        }
        return try result.get()
    }

    /// Ends the thread and closes what is open; requests under way are cancelled.
    package func close() {
        let first = inbox.withLock { inbox in
            defer { inbox.closing = true }
            return !inbox.closing
        }
        if first { curl_multi_wakeup(multi.handle) }
    }

    // MARK: the client's thread

    private func run() {
        var underWay: [UInt64: (transfer: Transfer, waiting: Waiting)] = [:]
        while true {
            let (arrived, cancelled, closing) = inbox.withLock { inbox in
                defer {
                    inbox.arrived = []
                    inbox.cancelled = []
                }
                return (inbox.arrived, inbox.cancelled, inbox.closing)
            }
            for (number, waiting) in arrived { start(number, waiting, &underWay) }
            for number in closing ? Set(underWay.keys) : cancelled {
                guard let (transfer, waiting) = underWay.removeValue(forKey: number) else { continue }
                curl_multi_remove_handle(multi.handle, transfer.easy)
                waiting.continuation.resume(returning: .failure(.cancelled))
            }
            if closing { break }
            var running: CInt = 0
            curl_multi_perform(multi.handle, &running)
            collect(&underWay)
            curl_multi_poll(multi.handle, nil, 0, 60_000, nil)
        }
        curl_multi_cleanup(multi.handle)
    }

    private func start(
        _ number: UInt64, _ waiting: Waiting, _ underWay: inout [UInt64: (transfer: Transfer, waiting: Waiting)]
    ) {
        do throws(CurlFault) {
            let transfer = try Transfer(waiting.request, number: number)
            let outcome = curl_multi_add_handle(multi.handle, transfer.easy)
            guard outcome == CURLM_OK else { throw .unusable(String(cString: curl_multi_strerror(outcome))) }
            underWay[number] = (transfer, waiting)
        } catch {
            waiting.continuation.resume(returning: .failure(error))
        }
    }

    private func collect(_ underWay: inout [UInt64: (transfer: Transfer, waiting: Waiting)]) {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi.handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = house_curl_message_result(message)
            var context: UnsafeMutableRawPointer?
            house_curl_get_context(easy, &context)
            guard let context else { continue }
            let number = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().number
            curl_multi_remove_handle(multi.handle, easy)
            guard let (transfer, waiting) = underWay.removeValue(forKey: number) else { continue }
            waiting.continuation.resume(returning: transfer.finish(code))
        }
    }
}
