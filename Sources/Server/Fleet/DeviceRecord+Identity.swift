package import Vocabulary

extension DeviceRecord {
    /// A name that the machine had.
    package struct Alias: Hashable, Codable, Sendable {
        package var name: Hostname
        /// When it ended, seconds since 1970.
        package var until: Double
    }

    /// So many former names are kept.
    static let longestHistory = 50

    /// Gives the machine another name and remembers the former one.
    package mutating func rename(to new: Hostname, now: Double) {
        guard new != name else { return }
        aliases = ((aliases ?? []) + [Alias(name: name, until: now)]).suffix(Self.longestHistory)
        name = new
    }

    /// Forgets what no longer holds of a machine whose firmware begins anew; who it is and was stays.
    ///
    /// - Parameters:
    ///   - name: Its temporary name.
    ///   - now: Seconds since 1970.
    package mutating func readmit(as name: Hostname, now: Double) {
        rename(to: name, now: now)
        stage = .provisioning
        (firmware, note, disks, inspectedAt, buildBegan) = (nil, nil, nil, nil, nil)
        (heard, twins, replacedBy) = (nil, nil, nil)
        if let road = heardRoad { take(road) }
    }

    /// Leaves two machines under one UUID in a person's hands.
    package mutating func holdTwins() {
        guard let twins else { return }
        stage = .held
        note = "hellos under this UUID come by turns from \(twins.joined(separator: " and ")): two machines, a twin"
    }

    /// Makes this the machine's way to be set up.
    mutating func take(_ road: Road) {
        (preSharedKey, rootHashes) = (road.preSharedKey, road.rootHashes)
        heardRoad = nil
    }
}
