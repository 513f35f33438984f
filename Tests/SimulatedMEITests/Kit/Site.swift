import Glibc
import SimulatedMEI

/// A device node with its firmware, unmounted at the end.
final class Site: Sendable {
    let folder: Folder
    let firmware = ScriptedFirmware()
    let node: DeviceNode

    /// Whether there is a FUSE at all; where there is, the tests run, even if they must fail.
    static var hasFuse: Bool { access("/dev/fuse", F_OK) == 0 }
    static var isRoot: Bool { geteuid() == 0 }

    init() throws {
        folder = try Folder()
        node = try DeviceNode(directory: folder.folder("node"), firmware: firmware)
    }

    deinit { node.stop() }
}
