import Foundation
import Synchronization

/// The tree below `/sys` that goes with the device nodes, under a folder of one's choice.
///
/// A program that can be told another `/sys` reads it there.
package final class KernelTree: Sendable {
    private let root: String
    private let devices: [FirmwareHost]
    private let others: Int
    private let say: @Sendable (String) -> Void
    private let written = Mutex<KernelView?>(nil)

    /// - Parameters:
    ///   - root: Where it is written; made where it is missing.
    ///   - devices: Of AMT, in the order of their nodes.
    ///   - others: How many numbers other controllers have before them.
    ///   - say: Told what cannot be written later.
    /// - Throws: ``SimulationFault`` where it cannot be written.
    init(
        _ root: String, _ devices: [FirmwareHost], others: Int, say: @escaping @Sendable (String) -> Void
    ) throws {
        self.root = root
        self.devices = devices
        self.others = others
        self.say = say
        try write()
        for device in devices {
            device.onHostSide { [self] in
                do { try write() } catch { say("\(error)") }
            }
        }
    }

    private var view: KernelView {
        var view = KernelView()
        for number in 0..<others { view.addOther(number) }
        for (place, device) in devices.enumerated() {
            let (firmware, isResetting) = device.with { ($0.firmware, $0.hostFaults.resetEnds > $0.firmware.now) }
            view.add(others + place, firmware, isResetting: isResetting)
        }
        return view
    }

    /// Writes what has changed, and takes away what is no more.
    private func write() throws {
        let new = view
        do {
            try written.withLock { old in
                let stale = Set((old?.files ?? [:]).keys).subtracting(new.files.keys)
                for path in stale { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }
                for folder in Set(stale.map { ($0 as NSString).deletingLastPathComponent }) {
                    // Only a folder that is empty now goes.
                    rmdir("\(root)/\(folder)")
                }
                for folder in new.buses { try makeFolder(of: "\(folder)/x") }
                for (path, text) in new.files where old?.files[path] != text {
                    try makeFolder(of: path)
                    try Data(text.utf8).write(to: URL(filePath: "\(root)/\(path)"), options: .atomic)
                }
                for (path, target) in new.links where old?.links[path] != target {
                    try makeFolder(of: path)
                    unlink("\(root)/\(path)")
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(root)/\(path)", withDestinationPath: target)
                }
                old = new
            }
        } catch { throw SimulationFault("the tree below \(root) cannot be written: \(error)", exitCode: 73) }
    }

    private func makeFolder(of path: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(root)/\((path as NSString).deletingLastPathComponent)", withIntermediateDirectories: true)
    }
}
