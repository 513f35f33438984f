import ArgumentParser
import DiskInspection

/// What a person may take upon themselves.
enum AcceptedProbe: String, ExpressibleByArgument, CaseIterable {
    case lock
    case nativeSize = "native-size"
    case bootEntries = "boot-entries"
    case wear

    private var probe: (id: ProbeID, indicator: Indicator) {
        switch self {
        case .lock: (.lock, .selfEncryption)
        case .nativeSize: (.nativeSize, .hiddenArea)
        case .bootEntries: (.bootEntries, .bootEntry)
        case .wear: (.wear, .wear)
        }
    }

    /// What could not be asked, or is weak by itself, is shown from here on and no more; evidence of use stays.
    func accept(in answers: inout [ProbeID: ProbeAnswer]) {
        let (id, indicator) = probe
        switch answers[id] {
        case .indeterminate(let why):
            answers[id] = .present([Evidence(indicator, .information, "\(why); accepted by --accept")])
        case .present(let found) where found.contains { $0.weight == .weak }:
            answers[id] = .present(
                found.map { evidence in
                    guard evidence.weight == .weak else { return evidence }
                    return Evidence(evidence.indicator, .information, "\(evidence.text); accepted by --accept")
                })
        default: break
        }
    }
}
