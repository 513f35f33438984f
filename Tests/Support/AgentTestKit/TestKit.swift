import FoundationEssentials
import Glibc
import Synchronization

/// The system refused what a test needs.
package struct Trouble: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// A folder of its own for a test, below the system's temporary folder; removed with all that is in it.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/namesake-agent-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Trouble("mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = Self.removedAtExit
        Self.inUse.withLock { _ = $0.insert(path) }
    }

    deinit {
        Self.inUse.withLock { _ = $0.remove(path) }
        Self.remove(path)
    }

    private static let inUse = Mutex<Set<String>>([])

    /// A thread that is just ending may hold the last folder when the process ends.
    private static let removedAtExit = atexit { for path in inUse.withLock({ $0 }) { remove(path) } }

    private static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)  // what stays behind harms no test
    }

    /// Writes a file and sets its mode.
    ///
    /// - Returns: Its path.
    /// - Throws: ``Trouble``.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0
        else { throw Trouble("\(file): \(errno)") }
        close(descriptor)
        return file
    }
}

/// Runs work on a thread of its own.
package func onThread(_ work: @escaping @Sendable () -> Void) throws {
    final class Errand: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Errand(work)).toOpaque()
    let outcome = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Errand>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, context)
    guard outcome == 0 else { throw Trouble("pthread_create: \(outcome)") }
    pthread_detach(thread)
}
