/// A verdict, and why.
package struct Ruling: Hashable, Sendable {
    package var verdict: DiskVerdict
    /// Sentences, the weightiest first; never empty.
    package var reasons: [String]

    package init(_ verdict: DiskVerdict, _ reasons: [String]) {
        self.verdict = verdict
        self.reasons = reasons
    }
}

/// Decides from what the probes said.
///
/// The rule starts from the list of probes that must have answered, not from the answers that came: a crash, a missing
/// library or an empty list so ends as unknown. Each step can only make the verdict worse than the next one would.
///
/// - Parameters:
///   - required: What has to be answered for a proof. Empty proves nothing.
///   - answers: What came back.
///   - factory: The conditions of a factory image that were proved.
///   - isCandidate: Whether a factory image would explain what was found, were all conditions proved; then what it explains is no
///     proof of a prior installation either.
/// - Returns: The verdict with its reasons; unknown wherever nothing else is proved.
package func rule(
    required: [ProbeID], answers: [ProbeID: ProbeAnswer], factory: Set<FactoryCondition> = [],
    isCandidate: Bool = false
) -> Ruling {
    let order = Evidence.Weight.allCases
    let evidence = ProbeID.allCases.flatMap { id -> [Evidence] in
        if case .present(let found) = answers[id] { found } else { [] }
    }.sorted { (order.firstIndex(of: $0.weight) ?? 0) < (order.firstIndex(of: $1.weight) ?? 0) }
    func sentence(_ evidence: Evidence) -> String { "\(evidence.indicator.rawValue): \(evidence.text)" }
    func weighing(_ weights: Evidence.Weight...) -> [String] {
        evidence.filter { weights.contains($0.weight) }.map(sentence)
    }

    let missing = FactoryCondition.allCases.filter { !factory.contains($0) }
    let isFactory = missing.isEmpty
    let priors = evidence.filter { evidence in
        switch evidence.weight {
        case .blocking: true
        case .strong: !(isFactory || isCandidate) || !evidence.indicator.isInFactoryImages
        case .unprovable, .weak, .information: false
        }
    }
    if !priors.isEmpty { return Ruling(.prior, priors.map(sentence)) }

    var open = unproved(required, answers)
    if isCandidate, !isFactory {
        open.append("not a proved factory image: \(missing.map { "F\($0.rawValue)" }.joined(separator: ", ")) open")
    }
    let unprovable = weighing(.unprovable) + open
    if required.isEmpty { return Ruling(.unknown, ["no probe was required, so nothing is proved"]) }
    if !unprovable.isEmpty { return Ruling(.unknown, unprovable) }
    if isFactory { return Ruling(.factory, ["all twelve conditions of an unused factory image hold"]) }
    let weak = weighing(.weak)
    if !weak.isEmpty { return Ruling(.unknown, weak) }
    let proved = required.allSatisfy { id in
        switch answers[id] {
        case .absent(let coverage): coverage.isComplete
        // Only information is left here, and it does not stand in the way of a proof.
        case .present(let found): !found.isEmpty && found.allSatisfy { $0.weight == .information }
        case .indeterminate, nil: false
        }
    }
    return proved
        ? Ruling(.blank, ["all \(required.count) required probes found nothing"])
        : Ruling(.unknown, ["not all required probes found nothing"])
}

/// The required probes that did not come to an answer.
private func unproved(_ required: [ProbeID], _ answers: [ProbeID: ProbeAnswer]) -> [String] {
    let missing = required.filter { answers[$0] == nil }.map(\.rawValue)
    let reasons = required.compactMap { id -> String? in
        switch answers[id] {
        case nil: nil
        case .indeterminate(let why): "\(id.rawValue): \(why)"
        case .absent(let coverage) where !coverage.isComplete:
            "\(id.rawValue): \(coverage.read) of \(coverage.planned) bytes were read"
        case .present(let found) where found.isEmpty: "\(id.rawValue): an answer without evidence"
        case .absent, .present: nil
        }
    }
    return missing.isEmpty ? reasons : reasons + ["not looked at: \(missing.joined(separator: ", "))"]
}

/// The verdict on a machine: that of its worst part.
///
/// - Parameter parts: One ruling a disk, and one for what is no disk's. Empty proves nothing.
/// - Returns: The worst verdict, with the reasons of all parts that have it.
package func combine(_ parts: [(name: String, ruling: Ruling)]) -> Ruling {
    guard let worst = parts.map(\.ruling.verdict).max() else {
        return Ruling(.unknown, ["nothing was examined, so nothing is proved"])
    }
    return Ruling(
        worst,
        parts.filter { $0.ruling.verdict == worst }.flatMap { part in part.ruling.reasons.map { "\(part.name): \($0)" }
        })
}
