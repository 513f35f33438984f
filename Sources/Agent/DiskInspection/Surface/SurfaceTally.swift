/// What reading a part of the surface brought.
package struct SurfaceTally: Hashable, Sendable {
    package struct Hit: Hashable, Sendable {
        package var signature: RawSignature
        package var offset: UInt64
    }

    /// In bytes.
    package var planned: UInt64 = 0
    /// In bytes, and seen.
    package var read: UInt64 = 0
    /// Blocks of 4 KiB that were read.
    package var blocks = 0
    /// Blocks that are not one byte throughout.
    package var uneven = 0
    package var firstUneven: UInt64?
    /// Blocks that are one byte throughout, but not the byte of the blocks before, or neither 0x00 nor 0xFF.
    package var foreignFill: UInt64?
    /// Uneven blocks that look like noise: more than 7.9 bits in a byte.
    package var noisy = 0
    package var hits: [Hit] = []
    package var faults: [DiskFault] = []

    /// The share of blocks that hold something, 0 to 1.
    package var unevenShare: Double { blocks == 0 ? 0 : Double(uneven) / Double(blocks) }
    package var noisyShare: Double { blocks == 0 ? 0 : Double(noisy) / Double(blocks) }
}

extension SurfaceTally {
    /// As an answer to one of the probes that read the surface.
    ///
    /// - Parameters:
    ///   - partitions: What the table knows; a volume in there is not a lost one.
    ///   - isSampling: Whether the blocks stand for the whole disk, so that their share is its.
    ///   - note: What the reading proves, for a person.
    /// - Returns: Absent only where every planned byte was read and is the one constant.
    package func answer(partitions: [Range<UInt64>], isSampling: Bool, note: String? = nil) -> ProbeAnswer {
        var evidence = hits.map { hit in Self.evidence(hit, partitions) }
        // Noise without a header is a random wipe, or encryption whose header is elsewhere.
        let isNoise = noisyShare > 0.5
        if isNoise {
            evidence.append(
                Evidence(
                    .randomContent, .unprovable,
                    "noise in \(noisy) of \(blocks) blocks: wiped with random bytes, or encrypted without a header",
                    at: firstUneven))
        } else if uneven > 0 {
            evidence.append(
                Evidence(
                    .content, isSampling && unevenShare > 0.01 ? .strong : .weak,
                    "\(uneven) of \(blocks) blocks hold something", at: firstUneven))
        }
        if let foreignFill {
            evidence.append(Evidence(.content, .weak, "not one constant throughout", at: foreignFill))
        }
        if let fault = faults.first {
            evidence.append(Evidence(.readError, .unprovable, "\(fault)"))
        }
        return evidence.isEmpty ? .absent(Coverage(planned: planned, read: read, note: note)) : .present(evidence)
    }

    private static func evidence(_ hit: Hit, _ partitions: [Range<UInt64>]) -> Evidence {
        let signature = hit.signature
        let isKnown = partitions.contains { $0.contains(hit.offset) }
        if isKnown || signature.weight == .blocking {
            return Evidence(signature.indicator, signature.weight, signature.name, at: hit.offset)
        }
        // What no table points to any more was thrown away by somebody, and may still be wanted.
        return Evidence(.lostVolume, .blocking, "\(signature.name), which no partition table points to", at: hit.offset)
    }
}
