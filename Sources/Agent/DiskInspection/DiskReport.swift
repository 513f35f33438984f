/// What was seen on one disk.
package struct DiskReport: Hashable, Codable, Sendable {
    /// In bytes.
    package var size: UInt64
    package var required: [ProbeID]
    package var answers: [ProbeID: ProbeAnswer] = [:]
    package var partitions: [Partition] = []
    package var volumes: [Volume] = []
    /// What the files of the volumes say.
    package var contents: [VolumeContents] = []
    /// In bytes, by the probes of the surface.
    package var bytesRead: UInt64 = 0

    package init(size: UInt64, required: [ProbeID]) {
        self.size = size
        self.required = required
    }

    package var evidence: [Evidence] { ProbeID.allCases.flatMap { evidence(of: $0) } }

    private func evidence(of id: ProbeID) -> [Evidence] {
        if case .present(let found) = answers[id] { found } else { [] }
    }

    /// True once more reading cannot change the verdict: it is the worst already.
    ///
    /// A table's partitions do not count here, since what is in them may lower what they say.
    var isDecided: Bool {
        ProbeID.allCases.contains { id in
            evidence(of: id).contains {
                $0.weight == .blocking || ($0.weight == .strong && $0.indicator != .partitions)
            }
        }
    }

    /// True once the disk can no longer be proved blank.
    var isNotBlank: Bool { evidence.contains { $0.weight != .information } }

    /// Partitions in which every byte that was read is constant are a table left on a wiped disk.
    ///
    /// That takes nothing away from the proof: a table alone is still not blank.
    mutating func lowerTable() {
        let others: [ProbeID] = [.signatures, .secondHeaders, .edges, .grid, .samples]
        let areConstant = others.allSatisfy { id in
            if case .absent(let coverage) = answers[id] { coverage.isComplete } else { false }
        }
        guard areConstant, case .present(let found) = answers[.table] else { return }
        answers[.table] = .present(
            found.map { evidence in
                guard evidence.indicator == .partitions else { return evidence }
                var lowered = evidence
                lowered.weight = .weak
                lowered.text += "; nothing is in them, as after a wipe that left the table"
                return lowered
            })
    }
}
