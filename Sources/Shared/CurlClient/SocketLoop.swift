import CLibCurl
import Glibc

/// What wakes a ``SocketLoop``, from any thread.
final class Bell: Sendable {
    let descriptor: CInt

    init() throws(CurlFault) {
        descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .unusable("no event descriptor (error \(errno))") }
    }

    deinit { close(descriptor) }

    func ring() {
        var one: UInt64 = 1
        // Full only when it is rung already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func silence() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}

/// libcurl's multi handle over the kernel's epoll, on one thread.
///
/// What is ready costs what is ready, however many others wait: `curl_multi_poll` and `curl_multi_perform` go over all of
/// them each time. Source: libcurl's `curl_multi_socket_action`.
final class SocketLoop {
    private let multi: UnsafeMutableRawPointer
    private let epoll: CInt
    private let bell: Bell
    /// When libcurl wants to be asked without an event.
    private var alarm: ContinuousClock.Instant?
    private var ready = [epoll_event](repeating: epoll_event(), count: 256)

    /// - Throws: ``CurlFault/unusable(_:)``.
    init(_ bell: Bell) throws(CurlFault) {
        guard let multi = curl_multi_init() else { throw .unusable("no multi handle") }
        self.multi = multi
        self.bell = bell
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        // The default prunes kept connections when many devices are spoken to at once.
        house_curl_multi_set_number(multi, CURLMOPT_MAXCONNECTS, 20_000)
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard epoll >= 0, control(EPOLL_CTL_ADD, bell.descriptor, EPOLLIN.rawValue) == 0,
            house_curl_multi_set_watchers(multi, socketWatcher, alarmSetter, context) == CURLM_OK
        else { throw .unusable("no epoll (error \(errno))") }
    }

    deinit {
        curl_multi_cleanup(multi)  // unwatches what is open, so it goes first
        if epoll >= 0 { close(epoll) }
    }

    func add(_ easy: UnsafeMutableRawPointer) throws(CurlFault) {
        let outcome = curl_multi_add_handle(multi, easy)
        guard outcome == CURLM_OK else { throw .unusable(String(cString: curl_multi_strerror(outcome))) }
    }

    func remove(_ easy: UnsafeMutableRawPointer) { curl_multi_remove_handle(multi, easy) }

    /// Waits until a socket is ready, libcurl's alarm is due or the bell rings, and lets libcurl do its part.
    func turn() {
        let count = epoll_wait(epoll, &ready, CInt(ready.count), milliseconds())
        var running: CInt = 0
        for event in ready.prefix(Int(max(count, 0))) {
            if event.data.fd == bell.descriptor {
                bell.silence()
                continue
            }
            var what: CInt = 0
            if event.events & EPOLLIN.rawValue != 0 { what |= CURL_CSELECT_IN }
            if event.events & EPOLLOUT.rawValue != 0 { what |= CURL_CSELECT_OUT }
            if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { what |= CURL_CSELECT_ERR }
            curl_multi_socket_action(multi, event.data.fd, what, &running)
        }
        guard let due = alarm, due <= .now else { return }
        alarm = nil
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    /// The next transfer that is over, with its outcome.
    func finished() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            return (easy, house_curl_message_result(message))
        }
        return nil
    }

    /// Until the alarm, rounded up; -1 where there is none.
    private func milliseconds() -> CInt {
        guard let alarm else { return -1 }
        let left = (alarm - .now).components
        guard left.seconds >= 0, left.attoseconds > 0 || left.seconds > 0 else { return 0 }
        return CInt(clamping: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)
    }

    @discardableResult
    private func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32) -> CInt {
        var event = epoll_event()
        event.events = events
        event.data.fd = descriptor
        return epoll_ctl(epoll, operation, descriptor, &event)
    }

    /// `isKnown`: whether the kernel watches it already.
    fileprivate func watch(_ socket: CInt, for what: CInt, isKnown: Bool) {
        var events: UInt32 = 0
        switch what {
        case CURL_POLL_IN: events = EPOLLIN.rawValue
        case CURL_POLL_OUT: events = EPOLLOUT.rawValue
        case CURL_POLL_INOUT: events = EPOLLIN.rawValue | EPOLLOUT.rawValue
        // It may be closed already, and then the kernel has forgotten it.
        default: return _ = control(EPOLL_CTL_DEL, socket, 0)
        }
        let (likely, other) = isKnown ? (EPOLL_CTL_MOD, EPOLL_CTL_ADD) : (EPOLL_CTL_ADD, EPOLL_CTL_MOD)
        if control(likely, socket, events) != 0, errno == ENOENT || errno == EEXIST { control(other, socket, events) }
        // Anything but nil, which libcurl forgets with the socket.
        if !isKnown { curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque()) }
    }

    fileprivate func wake(in milliseconds: Int) {
        alarm = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }
}

private func loop(_ context: UnsafeMutableRawPointer) -> SocketLoop {
    Unmanaged<SocketLoop>.fromOpaque(context).takeUnretainedValue()
}

private let socketWatcher: curl_socket_callback = { _, socket, what, context, known in
    if let context { loop(context).watch(socket, for: what, isKnown: known != nil) }
    return 0
}

private let alarmSetter: curl_multi_timer_callback = { _, milliseconds, context in
    if let context { loop(context).wake(in: milliseconds) }
    return 0
}
