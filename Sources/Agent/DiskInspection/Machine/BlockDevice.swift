import Glibc

/// A disk of this machine, as sysfs tells of it.
package struct BlockDevice: Hashable, Sendable {
    /// The kernel's name, such as `nvme0n1`; nil for an image in a file, and where sysfs tells nothing.
    package var kernelName: String?
    /// A block device of which sysfs tells nothing, so that nobody knows what to ask of it.
    package var isUntold = false
    package var path: String
    package var model: String?
    package var serial: String?
    package var wwn: String?
    package var isRotating = false
    /// Of its device node, as "8:0"; nil where sysfs does not tell.
    package var number: String?
    /// Where it hangs, as the path of its device in sysfs.
    package var place = ""

    package init(image path: String) { self.path = path }

    package init(kernelName: String, sysfs: String) {
        let folder = "\(sysfs)/block/\(kernelName)"
        self.kernelName = kernelName
        path = "/dev/\(kernelName)"
        number = Self.line("\(folder)/dev")
        model = Self.line("\(folder)/device/model")
        serial = Self.line("\(folder)/device/serial") ?? Self.line("\(folder)/serial")
        wwn = Self.line("\(folder)/wwid") ?? Self.line("\(folder)/device/wwid")
        isRotating = Self.line("\(folder)/queue/rotational") == "1"
        place = Self.target("\(folder)/device") ?? ""
    }

    /// What cannot be a disk of this machine: memory, files, network, optical and floppy drives, and what lies above disks.
    ///
    /// Nothing is left out for being removable: an internal disk may call itself that.
    private static let others = ["loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd", "mtdblock"]

    /// The disks of this machine.
    ///
    /// Left out are readers without a medium, and the paths of an NVMe disk that shows itself under one name. A fixed disk
    /// without a size stays: it may be ailing, and what is on it is not known.
    ///
    /// - Returns: nil when sysfs is not there to ask.
    package static func all(sysfs: String) -> [BlockDevice]? {
        guard let names = entries("\(sysfs)/block") else { return nil }
        return names.sorted().filter { name in
            let folder = "\(sysfs)/block/\(name)"
            // A port of ATA that takes external disks calls them removable too, and an ailing one has no size.
            let isReader = line("\(folder)/removable") == "1" && target("\(folder)/device")?.contains("/ata") != true
            let isEmptyReader = isReader && line("\(folder)/size") == "0"
            return !others.contains { name.hasPrefix($0) } && !isEmptyReader && line("\(folder)/hidden") != "1"
        }.map { BlockDevice(kernelName: $0, sysfs: sysfs) }
    }

    /// The device that a path means: symbolic links are followed.
    package static func named(_ path: String, sysfs: String) -> BlockDevice {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFBLK else { return BlockDevice(image: path) }
        let place = "\(sysfs)/dev/block/\(numberText(status.st_rdev))"
        guard let target = target(place), let name = target.split(separator: "/").last
        else {
            var device = BlockDevice(image: path)
            device.isUntold = true
            return device
        }
        var device = BlockDevice(kernelName: String(name), sysfs: sysfs)
        device.path = path
        return device
    }

    /// As glibc's gnu_dev_major and gnu_dev_minor, which are macros.
    private static func numberText(_ number: dev_t) -> String {
        let number = UInt64(number)
        let major = (number >> 8 & 0xFFF) | (number >> 32 & 0xFFFF_F000)
        let minor = (number & 0xFF) | (number >> 12 & 0xFFFF_FF00)
        return "\(major):\(minor)"
    }

    /// Whether what was opened at its path is this device, and not another one behind a node of its name.
    package func isBehind(_ descriptor: Int32) -> Bool {
        guard let number else { return true }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFBLK
            && Self.numberText(status.st_rdev) == number
    }

    /// The disk that this is a partition of, or itself.
    package func wholeDisk(sysfs: String) -> BlockDevice {
        guard let kernelName, let own = Self.target("\(sysfs)/class/block/\(kernelName)"),
            Self.line("\(own)/partition") != nil, let parent = own.split(separator: "/").dropLast().last
        else { return self }
        return BlockDevice(kernelName: String(parent), sysfs: sysfs)
    }

    static func line(_ path: String) -> String? {
        guard let bytes = contents(path) else { return nil }
        let text = String(decoding: bytes.prefix { $0 != 10 && $0 != 0 }, as: UTF8.self)
        let words = text.split(separator: " ").joined(separator: " ")
        return words.isEmpty ? nil : words
    }

    /// At most 64 KiB of a file.
    static func contents(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    static func entries(_ folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    static func target(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
