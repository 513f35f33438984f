/// What the files of one volume say about whose it is.
package struct VolumeContents: Hashable, Codable, Sendable {
    /// libblkid's word, such as `ntfs`.
    package var type: String
    /// In bytes from the start of the disk.
    package var offset: UInt64
    /// Closed in order, so that what is not found is not there.
    package var isClean = true
    /// The system that is installed, such as `Windows 10 Pro, build 19045`.
    package var system: String?
    package var hostName: String?
    /// Of DNS, or the realm; nil where the machine belonged to none.
    package var domain: String?
    /// Whom the system names as its owner.
    package var owner: String?
    /// The names of people's accounts and folders, at most 100.
    package var users: [String] = []
    /// In seconds since 1970: the latest time at which somebody or something was at work.
    package var lastUsed: Int?
    /// What was installed there to manage the machine, such as ConfigMgr's client.
    package var management: [String] = []
    /// GUIDs, in capitals, of partitions that the system has used.
    package var knownPartitions: Set<String> = []
    /// What Namesake left when it built the system.
    package var marker: BuildMarker?
    package var evidence: [Evidence] = []
    /// The conditions of a factory image that the volume itself proves; nil where there is no Windows to be one.
    package var factory: Set<FactoryCondition>?

    package init(type: String, offset: UInt64) {
        self.type = type
        self.offset = offset
    }

    package mutating func found(_ indicator: Indicator, _ weight: Evidence.Weight, _ text: String) {
        evidence.append(Evidence(indicator, weight, text, at: offset))
    }

    /// Keeps the latest.
    package mutating func wasUsed(_ times: Int?...) {
        lastUsed = (times.compactMap { $0 } + [lastUsed].compactMap { $0 }).max()
    }
}

extension DiskReport {
    /// The volumes whose files can be read here, with where each ends in bytes from the start of the disk.
    package var readableVolumes: [(volume: Volume, extent: Range<UInt64>)] {
        var seen: Set<UInt64> = []
        return volumes.compactMap { volume in
            guard VolumeContents.types.contains(volume.type), volume.offset < size, seen.insert(volume.offset).inserted
            else { return nil }
            let end = partitions.first { $0.extent.lowerBound == volume.offset }?.extent.upperBound ?? size
            return end > volume.offset ? (volume, volume.offset..<end) : nil
        }
    }

    /// Takes in what was read of the volumes: the probe `contents`.
    ///
    /// - Parameters:
    ///   - read: One for each volume that could be read.
    ///   - troubles: Why the files of the others could not be. They are what a proof of a factory image lacks.
    package mutating func take(_ read: [VolumeContents], troubles: [String]) {
        contents = read
        let own = Set(partitions.compactMap(\.uniqueID))
        for index in contents.indices where !own.isDisjoint(with: contents[index].knownPartitions) {
            contents[index].found(.mountedDevice, .information, "Windows gave a partition of this disk a letter")
        }
        let evidence =
            contents.flatMap(\.evidence) + troubles.map { Evidence(.unreadableFacts, .unprovable, $0) }
        answers[.contents] =
            evidence.isEmpty
            ? .absent(Coverage(planned: 0, read: 0, note: "\(read.count) volumes"))
            : .present(evidence)
    }
}

extension VolumeContents {
    /// libblkid's words for what can be read.
    package static let types: Set<String> = ["ntfs", "ext2", "ext3", "ext4", "vfat", "apfs"]
}
