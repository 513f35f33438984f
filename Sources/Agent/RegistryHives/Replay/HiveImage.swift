/// The longest hive that is read, in bytes.
let longestHive = 512 << 20

/// The bytes of a hive as Windows would see them after a start: what stands only in the logs is carried in.
///
/// libhivex applies no log and does not say that one is due, so this comes before it. Validated against yarp: the tests
/// count keys and values after replay.
package struct HiveImage: Hashable, Sendable {
    package private(set) var bytes: [UInt8]
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
    ///   - file: The hive's own file.
    ///   - logs: `.LOG1`, `.LOG2`, `.LOG`, whichever there are. One of no bytes is normal.
    /// - Throws: ``HiveFault`` where there is no hive to read.
    package init(_ file: [UInt8], logs: [[UInt8]] = []) throws(HiveFault) {
        guard file.count <= longestHive else { throw .tooLarge(file.count) }
        guard let header = HiveHeader(file) else { throw .notAHive }
        (bytes, state) = (file, .clean)
        if !header.isClean {
            state = .dirty
            let (new, old) = (logs.compactMap { HiveLog($0) }, logs.compactMap { OldHiveLog($0) })
            // A log that cannot be read may have had what the others have not; one of zeros was never used.
            let used = logs.count { $0.prefix(HiveHeader.length).contains { $0 != 0 } }
            var isWhole = header.hasRightChecksum && new.count + old.count == used
            isWhole = apply(new, to: header) && isWhole
            if state == .dirty { apply(old, to: header) }
            if !isWhole, case .recovered(let sequence) = state { state = .partlyRecovered(sequence) }
            if state == .dirty && !header.hasRightChecksum { throw .headerDamaged }
        }
        guard bytes.count >= HiveHeader.binsOffset + Int(word(bytes, 40)) else { throw .truncated }
    }

    /// Applies what follows without a gap.
    ///
    /// - Returns: False where a log that is not stale breaks off.
    private mutating func apply(_ logs: [HiveLog], to header: HiveHeader) -> Bool {
        var usable = logs.sorted { $0.header.primary < $1.header.primary }
        if header.hasRightChecksum {
            usable.removeAll { $0.header.primary < header.secondary }
        } else if let latest = usable.max(by: { Self.last($0) < Self.last($1) }) {
            bytes.replaceSubrange(..<HiveHeader.length, with: latest.headerBytes)
            usable = [latest]
        }
        var (last, isWhole): (HiveLog.Entry?, Bool) = (nil, true)
        for log in usable {
            if let last, let first = log.entries.first, first.sequence != last.sequence &+ 1 {
                isWhole = first.sequence <= last.sequence
                break
            }
            for entry in log.entries { write(entry.pages, binsSize: entry.binsSize) }
            last = log.entries.last ?? last
            isWhole = !log.isCutOff
            if !isWhole { break }
        }
        guard let last else { return isWhole }
        finish(last.sequence, binsSize: last.binsSize)
        state = .recovered(last.sequence)
        return isWhole
    }

    private mutating func apply(_ logs: [OldHiveLog], to header: HiveHeader) {
        let fitting = logs.filter { !header.hasRightChecksum || $0.header.lastWritten >= header.lastWritten }
        guard let log = fitting.max(by: { $0.header.lastWritten < $1.header.lastWritten }) else { return }
        if !header.hasRightChecksum { bytes.replaceSubrange(..<HiveHeader.length, with: log.headerBytes) }
        write(log.pages, binsSize: log.header.binsSize)
        finish(log.header.primary, binsSize: log.header.binsSize)
        state = .recovered(log.header.primary)
    }

    private static func last(_ log: HiveLog) -> UInt32 { log.entries.last?.sequence ?? 0 }

    private mutating func write(_ pages: [(offset: Int, bytes: ArraySlice<UInt8>)], binsSize: Int) {
        let size = HiveHeader.binsOffset + binsSize
        if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
        for page in pages {
            let start = HiveHeader.binsOffset + page.offset
            bytes.replaceSubrange(start..<(start + page.bytes.count), with: page.bytes)
        }
    }

    /// Makes the header one of a hive in order, or libhivex would refuse it.
    private mutating func finish(_ sequence: UInt32, binsSize: Int) {
        put(sequence, at: 4, into: &bytes)
        put(sequence, at: 8, into: &bytes)
        put(0, at: 28, into: &bytes)
        put(UInt32(binsSize), at: 40, into: &bytes)
        put(HiveHeader.checksum(bytes), at: 508, into: &bytes)
    }
}
