package import Vocabulary

extension Failure {
    /// What a WS-Management fault means to a job.
    package init(_ fault: WSManFault) {
        switch fault {
        case .unreachable, .notSent:
            self.init(
                .firmwareUnreachable, "\(fault)",
                hint:
                    "Check the machine's power and cable, and that the server reaches ports 16992 and 16993 of its firmware.",
                remedy: .wait)
        case .unsendable:
            self.init(
                .requestUnsendable, "\(fault)",
                hint: "Correct the value that is named; a request holds text without control characters.")
        case .peerNotTrusted:
            self.init(
                .firmwarePeerNotTrusted, "\(fault)",
                hint: "Compare the two keys, and find out which device answers at this address: another machine may "
                    + "have it now, then let this one say hello or run sync. If the firmware's certificate was "
                    + "replaced on purpose: `namesake-server devices retire UUID`, then `devices adopt UUID` with the key "
                    + "that you accept.")
        case .peerTooOld:
            self.init(
                .firmwareTLSTooOld, "\(fault)",
                hint: "AMT up to 11 has nothing better. Where that will do for this machine: `namesake-server devices "
                    + "legacy-tls UUID allow`, then let the job go on.")
        case .sharedKeyRefused:
            self.init(
                .preSharedKeyRefused, "\(fault)",
                hint: "Compare PID and PPS with what was entered in the machine's MEBx. Where the list was wrong: "
                    + "`namesake-server psk remove PID`, `psk import` of the right one, then `devices retry`.")
        case .anotherMachine:
            self.init(
                .machineMismatch, "\(fault)",
                hint: "Another machine has the address now; this one is followed to its own as soon as it says hello "
                    + "from there.",
                remedy: .wait)
        case .machineNotShown:
            self.init(
                .machineMismatch, "\(fault)",
                hint: "Find out which machine has the address, and where this one is. In set-up it may also want what "
                    + "a person gave MEBx: write that into `first-login.passwords` of the server's folder, a line "
                    + "each; then `jobs retry`.")
        case .authenticationRefused:
            self.init(
                .firmwareAuthenticationRefused, "\(fault)",
                hint: "In set-up it may want what a person gave MEBx: write that into `first-login.passwords` of the "
                    + "server's folder, a line each. Else store the password that the firmware was set up with. Too "
                    + "many attempts lock an account for a while.")
        case .fault(let subcode, _, _):
            // Both have the code Receiver: it is not the request's, and the same may do the next time. Source: DSP0226,
            // annex of faults. Where there is a status word, that is the reason.
            self.init(
                .firmwareFault, "\(fault)", hint: fault.hint,
                remedy: fault.passes || subcode == "QuotaLimit" || (subcode == "InternalError" && fault.status == nil)
                    ? .wait : .askOperator)
        case .unreadable:
            self.init(
                .firmwareAnswerUnreadable, "\(fault)",
                hint: "Check that the address belongs to an AMT firmware, and keep the answer: its version may be "
                    + "unknown to this program.",
                remedy: .wait)
        case .refused:
            self.init(
                .firmwareRefused, "\(fault)", hint: fault.hint, remedy: fault.passes ? .wait : .askOperator)
        }
    }
}

extension WSManFault {
    /// Whether the firmware is only busy with something that ends by itself.
    fileprivate var passes: Bool {
        guard let status else { return false }
        return [.notReady, .operationInProgress, .generatingKeys].contains(status)
    }

    private var isDestinationUnreachable: Bool {
        if case .fault("DestinationUnreachable", _, _) = self { true } else { false }
    }

    /// What the operator can do about a status word, or about an answer without one.
    fileprivate var hint: String {
        switch status {
        case .notReady, .operationInProgress, .generatingKeys:
            "The firmware is busy; the step is tried again."
        case .notPermitted:
            "The account lacks the access realm for this, or the firmware's control mode forbids it."
        case .maxLimitReached:
            "The firmware's store is full; remove entries that are no longer used."
        case .flashWriteLimitExceeded:
            "The firmware protects its flash from too many writes; try again later."
        case .dataMissing:
            "The firmware misses a setting that must be there before a commit: host name, key, certificate, clock, or a "
                + "MEBx password that is not the default."
        case .invalidPassword:
            "The firmware wants 8 to 32 characters with a small and a capital letter, a digit and a sign, without : , \"."
        case .blockingComponent:
            "The firmware's auditor has to release this first."
        case nil where isDestinationUnreachable:
            "This firmware has no such class or instance; its version may be too old for it."
        default:
            "Look up the word in the reference of the class that is named, then correct the setting and retry the job."
        }
    }
}

extension PTStatus {
    /// The SDK calls this `PT_STATUS_PKI_GENERATING_KEYS`.
    fileprivate static let generatingKeys = PTStatus(rawValue: 2061)
}
