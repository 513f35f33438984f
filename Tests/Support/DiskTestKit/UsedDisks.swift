import AgentTestKit
import Glibc

/// What disks of many kinds hold once they are in use, and where their volumes keep copies of headers.
///
/// The places are those that the makers' own tools tell: nothing of the code under test says them.
package struct UsedDisks: Sendable {
    package struct Content: Sendable {
        package var name: String
        /// Blocks of ``WipedDisk/block`` bytes that are not zero, by their place in bytes.
        package var blocks: [(place: UInt64, bytes: [UInt8])]
    }

    package private(set) var disks: [Content] = []
    /// In bytes from the start of the disk, of a volume on all of it.
    package private(set) var backups: [Range<UInt64>] = []

    /// All blocks, whatever disk they are of.
    package var blockCount: Int { disks.reduce(0) { $0 + $1.blocks.count } }

    /// The least that has to be there.
    package static var isPossible: Bool { Tool.areThere("sgdisk", "mkntfs", "mkfs.vfat", "mkfs.ext4") }

    /// Made once a process: it takes seconds.
    package static let shared = Task { try await made() }

    private static func made() async throws -> UsedDisks {
        var used = UsedDisks()
        try used.take("Windows", try await Image.windowsLike(WipedDisk.size))
        try await used.takeExt()
        try await used.takeXFS()
        try await used.takeBTRFS()
        for (tool, arguments) in [
            ("mkntfs", ["-q", "-F"]), ("mkfs.vfat", ["-F", "32"]), ("mkfs.exfat", []), ("mkfs.f2fs", ["-q"]),
            ("mkswap", ["-q"]),
        ] where Tool.areThere(tool) {
            let image = try Image(WipedDisk.size)
            try await Tool(tool).run(arguments + [image.path])
            try used.take(tool, image)
        }
        if Tool.areThere("cryptsetup") {
            let image = try Image(WipedDisk.size)
            try await image.encrypt()
            try used.take("LUKS2", image)
        }
        guard used.backups.count > 6, used.blockCount > 100 else { throw Trouble("the used disks hold too little") }
        return used
    }

    /// mkfs.ext4 says on which blocks it stored copies; in blocks of 1 KiB too, they count from 0.
    private mutating func takeExt() async throws {
        for size in [1024, 2048, 4096] as [UInt64] {
            let image = try Image(WipedDisk.size)
            let output = try await Tool("mkfs.ext4").run(["-F", "-b", "\(size)", image.path])
            guard let list = output.components(after: "stored on blocks:") else {
                throw Trouble("mkfs.ext4 names no copies: \(output)")
            }
            for number in list.prefix(while: { !$0.isLetter }).split(whereSeparator: { !$0.isNumber }) {
                guard let block = UInt64(number) else { continue }
                backups.append(block * size..<block * size + 1024)
            }
            try take("ext4 in blocks of \(size)", image)
        }
    }

    /// mkfs.xfs says how many groups of how many blocks it made; each begins with a superblock.
    private mutating func takeXFS() async throws {
        guard Tool.areThere("mkfs.xfs") else { return }
        let image = try Image(WipedDisk.size)
        // Below 300 MB it wants to be told that nobody will ask for support.
        let output = try await Tool("mkfs.xfs").run(["--unsupported", "-b", "size=4096", image.path])
        func number(_ name: String) -> UInt64? {
            output.components(after: name).flatMap { UInt64($0.prefix(while: \.isNumber)) }
        }
        guard let count = number("agcount="), let length = number("agsize="), count > 1 else {
            throw Trouble("mkfs.xfs names no groups: \(output)")
        }
        for group in 1..<count { backups.append(group * length * 4096..<group * length * 4096 + 512) }
        try take("XFS", image)
    }

    private mutating func takeBTRFS() async throws {
        guard Tool.areThere("mkfs.btrfs", "btrfs") else { return }
        let image = try Image(WipedDisk.size)
        try await Tool("mkfs.btrfs").run(["-q", image.path])
        let output = try await Tool("btrfs").run(["inspect-internal", "dump-super", "-a", image.path])
        for line in output.split(separator: "\n") where line.hasPrefix("superblock: bytenr=") {
            guard let place = UInt64(line.dropFirst(19).prefix(while: \.isNumber)) else { continue }
            // The first copy is no backup.
            if place > 1 << 20 { backups.append(place..<place + 1024) }
        }
        try take("BTRFS", image)
    }

    /// Keeps what is not zero; holes are passed over.
    private mutating func take(_ name: String, _ image: Image) throws {
        let descriptor = open(image.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Trouble("\(image.path): \(errno)") }
        defer { close(descriptor) }
        var content = Content(name: name, blocks: [])
        let zeros = [UInt8](repeating: 0, count: Int(WipedDisk.block))
        var place: off_t = 0
        while true {
            let start = lseek(descriptor, place, seekData)
            // ENXIO: no data behind.
            guard start >= 0 else { break }
            place = start / off_t(WipedDisk.block) * off_t(WipedDisk.block)
            let end = lseek(descriptor, place, seekHole)
            while place < end {
                var bytes = zeros
                let count = pread(descriptor, &bytes, bytes.count, place)
                guard count > 0 else { throw Trouble("\(image.path): \(errno)") }
                if memcmp(bytes, zeros, count) != 0 { content.blocks.append((UInt64(place), Array(bytes[..<count]))) }
                place += off_t(count)
            }
        }
        disks.append(content)
    }
}

/// For lseek(2), to the next data and to the next hole: Linux's own, so that C hides them from Swift.
private let (seekData, seekHole): (Int32, Int32) = (3, 4)

extension String {
    /// What follows the last time the words occur.
    fileprivate func components(after words: String) -> Substring? {
        var (start, found): (Substring, Substring?) = (self[...], nil)
        while let range = start.firstRange(of: words) {
            start = start[range.upperBound...]
            found = start
        }
        return found
    }
}
