/// The longest hive that is read, in bytes.
let longestHive = 512 << 20

/// A hive as Windows would see it after a start: what stands only in the logs is carried in.
///
/// libhivex applies no log and does not say that one is due, so this comes before it. The hive goes piece by piece into the one
/// file in memory that libhivex then maps, so that it is held once. Validated against yarp: the tests count keys and values after
/// replay.
package struct HiveImage {
    let file: MemoryFile
    package private(set) var state: State

    package enum State: Hashable, Sendable {
        case clean
        /// Carried forward to this sequence number.
        case recovered(UInt32)
        /// As recovered, but the log breaks off, so that changes may be missing.
        case partlyRecovered(UInt32)
        /// Changes are missing, and no log has them.
        case dirty
    }

    /// A key that is not in it is not in the registry.
    ///
    /// Otherwise what is there is there, and what is not may be.
    package var provesAbsence: Bool {
        switch state {
        case .clean, .recovered: true
        case .partlyRecovered, .dirty: false
        }
    }

    /// Reads a hive with its logs.
    ///
    /// - Parameters:
    ///   - source: The hive's own file.
    ///   - logs: `.LOG1`, `.LOG2`, `.LOG`, whichever there are; read only where one is due. One of no bytes is normal.
    /// - Throws: ``HiveFault`` where there is no hive to read.
    package init(_ source: HiveSource, logs: [HiveSource] = []) throws(HiveFault) {
        guard source.size <= longestHive else { throw .tooLarge(source.size) }
        guard let header = HiveHeader(try source.read(at: 0, upTo: HiveHeader.length)) else { throw .notAHive }
        let file = try MemoryFile(size: source.size)
        try source.forEachPiece(of: 0..<source.size) { offset, bytes throws(HiveFault) in
            try file.write(bytes, at: offset)
        }
        (self.file, state) = (file, .clean)
        if !header.isClean {
            state = .dirty
            var (new, old, used): ([HiveLog], [OldHiveLog], Int) = ([], [], 0)
            for log in logs {
                if let log = try HiveLog(log) { new.append(log) }
                if let log = try OldHiveLog(log) { old.append(log) }
                // A log that cannot be read may have had what the others have not; one of zeros was never used.
                if try log.read(at: 0, upTo: HiveHeader.length).contains(where: { $0 != 0 }) { used += 1 }
            }
            var isWhole = header.hasRightChecksum && new.count + old.count == used
            isWhole = try apply(new, to: header) && isWhole
            if state == .dirty { try apply(old, to: header) }
            if !isWhole, case .recovered(let sequence) = state { state = .partlyRecovered(sequence) }
            if state == .dirty && !header.hasRightChecksum { throw .headerDamaged }
        }
        let head = try file.read(at: 0, upTo: HiveHeader.length)
        guard file.size >= HiveHeader.binsOffset + Int(word(head, 40)) else { throw .truncated }
    }

    package init(_ bytes: [UInt8], logs: [[UInt8]] = []) throws(HiveFault) {
        try self.init(HiveSource(bytes), logs: logs.map { HiveSource($0) })
    }

    /// All of it, for who compares.
    package func bytes() throws(HiveFault) -> [UInt8] { try file.read(at: 0, upTo: file.size) }

    /// Applies what follows without a gap.
    ///
    /// - Returns: False where a log that is not stale breaks off.
    private mutating func apply(_ logs: [HiveLog], to header: HiveHeader) throws(HiveFault) -> Bool {
        var usable = logs.sorted { $0.header.primary < $1.header.primary }
        if header.hasRightChecksum {
            usable.removeAll { $0.header.primary < header.secondary }
        } else if let latest = usable.max(by: { Self.last($0) < Self.last($1) }) {
            try file.write(latest.headerBytes, at: 0)
            usable = [latest]
        }
        var (last, isWhole): (HiveLog.Entry?, Bool) = (nil, true)
        for log in usable {
            if let last, let first = log.entries.first, first.sequence != last.sequence &+ 1 {
                isWhole = first.sequence <= last.sequence
                break
            }
            for entry in log.entries { try write(entry.pages, of: log.source, binsSize: entry.binsSize) }
            last = log.entries.last ?? last
            isWhole = !log.isCutOff
            if !isWhole { break }
        }
        guard let last else { return isWhole }
        try finish(last.sequence, binsSize: last.binsSize)
        state = .recovered(last.sequence)
        return isWhole
    }

    private mutating func apply(_ logs: [OldHiveLog], to header: HiveHeader) throws(HiveFault) {
        let fitting = logs.filter { !header.hasRightChecksum || $0.header.lastWritten >= header.lastWritten }
        guard let log = fitting.max(by: { $0.header.lastWritten < $1.header.lastWritten }) else { return }
        if !header.hasRightChecksum { try file.write(log.headerBytes, at: 0) }
        try write(log.pages, of: log.source, binsSize: log.header.binsSize)
        try finish(log.header.primary, binsSize: log.header.binsSize)
        state = .recovered(log.header.primary)
    }

    private static func last(_ log: HiveLog) -> UInt32 { log.entries.last?.sequence ?? 0 }

    private func write(_ pages: [HiveLog.Page], of log: HiveSource, binsSize: Int) throws(HiveFault) {
        try file.grow(to: HiveHeader.binsOffset + binsSize)
        for page in pages {
            try log.forEachPiece(of: page.place) { place, bytes throws(HiveFault) in
                try file.write(bytes, at: HiveHeader.binsOffset + page.offset + place - page.place.lowerBound)
            }
        }
    }

    /// Makes the header one of a hive in order, or libhivex would refuse it.
    private func finish(_ sequence: UInt32, binsSize: Int) throws(HiveFault) {
        var head = try file.read(at: 0, upTo: HiveHeader.length)
        put(sequence, at: 4, into: &head)
        put(sequence, at: 8, into: &head)
        put(0, at: 28, into: &head)
        put(UInt32(binsSize), at: 40, into: &head)
        put(HiveHeader.checksum(head), at: 508, into: &head)
        try file.write(head, at: 0)
    }
}
