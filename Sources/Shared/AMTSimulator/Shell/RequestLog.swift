import Foundation
import Synchronization

/// One JSON object a line, as requests are answered; no body, no header.
package final class RequestLog: Sendable {
    private let file: Mutex<FileHandle>

    package init(path: String) throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw SimulationFault(
                "the request log \(path) cannot be written: \(String(cString: strerror(errno)))", exitCode: 73)
        }
        file = Mutex(handle)
    }

    func write(_ note: RequestNote) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(note) else { return }
        file.withLock { $0.write(line + Data([0x0A])) }
    }
}
