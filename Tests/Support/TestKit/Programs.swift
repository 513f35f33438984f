import Foundation
import Synchronization

/// A program of this build that runs, with everything that it printed.
package final class Program: Sendable {
    private let process: Process
    private let output: Mutex<String>
    private let pipe = Pipe()
    private let lines: AsyncStream<String>

    package init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process = Process()
        process.executableURL = URL(filePath: product(name))
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        output = Mutex("")
        let (lines, feed) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        try process.run()
        let reading = pipe.fileHandleForReading
        Thread.detachNewThread { [self] in
            var rest = ""
            while true {
                let bytes = reading.availableData
                guard !bytes.isEmpty else { break }
                let text = String(decoding: bytes, as: UTF8.self)
                output.withLock { $0 += text }
                rest += text
                while let end = rest.firstIndex(of: "\n") {
                    feed.yield(String(rest[..<end]))
                    rest = String(rest[rest.index(after: end)...])
                }
            }
            feed.finish()
        }
    }

    package var printed: String { output.withLock { $0 } }

    /// Returns when a line holds the words; throws when the program ends before.
    package func awaitLine(_ words: String) async throws {
        for await line in lines where line.contains(words) { return }
        throw Unexpected("the program ended before it printed '\(words)':\n\(printed)")
    }

    /// Returns the exit status once the program has ended by itself.
    package func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [process] in
                process.waitUntilExit()
                continuation.resume()
            }
        }
        for await _ in lines {}
        return process.terminationStatus
    }

    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    package func stop() async {
        if process.isRunning { send(SIGTERM) }
        _ = await ended()
    }
}

package struct Unexpected: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Runs a program to its end.
package func run(_ name: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let program = try Program(name, arguments)
    let status = await program.ended()
    return (status, program.printed)
}
