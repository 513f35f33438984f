import Foundation
import Glibc

/// Both ends of the pipe through which the signal handler speaks: a handler may do little more than write.
private let signalPipe: (read: CInt, write: CInt) = {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { return (-1, -1) }
    return (ends[0], ends[1])
}()

/// How the simulator is told to end.
enum Ending {
    /// Listens for SIGTERM and SIGINT from its return on: who reads "ready" may send one at once.
    ///
    /// - Returns: A stream that gives one element when a signal has come.
    static func listen() -> AsyncStream<Void> {
        let (told, teller) = AsyncStream.makeStream(of: Void.self)
        let descriptor = signalPipe.read
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) < 0, errno == EINTR {}
            teller.yield()
        }
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in
                var byte: UInt8 = 1
                _ = write(signalPipe.write, &byte, 1)
            }
        }
        return told
    }
}
