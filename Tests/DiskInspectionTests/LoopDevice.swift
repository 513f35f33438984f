import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// An image as a block device, for what takes no file.
enum LoopDevice {
    static let isPossible =
        geteuid() == 0 && access("/dev/loop-control", R_OK | W_OK) == 0 && Tool.areThere("losetup")
    static let note: Comment = "skipped: it takes root, loop devices and the tool that writes to them"

    /// Whether one hands the errors of its file on: those that go by the cache show zeros behind the file's end.
    static func takesDirectIO() async throws -> Bool {
        let image = try Image(1 << 20)
        do { try await with(image, options: ["--direct-io=on"]) { _ in } } catch is Trouble { return false }
        return true
    }

    static func with(
        _ image: Image, options: [String] = [], _ work: (String) async throws -> Void
    ) async throws {
        let device = try await Tool("losetup").run(["--find", "--show"] + options + [image.path])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        do { try await work(device) } catch {
            try await Tool("losetup").run(["--detach", device])
            throw error
        }
        try await Tool("losetup").run(["--detach", device])
    }
}

extension Tool {
    static let note: Comment =
        "skipped: the tools that make such disks are not installed; packaging/install-build-packages installs them"
}
