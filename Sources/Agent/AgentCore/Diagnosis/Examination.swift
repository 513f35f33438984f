import AMTHI
import Glibc
package import Vocabulary

/// One thing that `sync` needs, as it was found.
package struct Finding: Hashable, Sendable {
    package enum Word: String, Sendable {
        case fine = "ok"
        /// It works without, or may be meant so.
        case doubtful = "note"
        case bad = "bad"
    }

    package var subject: String
    package var word: Word
    package var text: String
    /// What to do.
    package var remedy: String?
    /// Why it is bad, for the exit status.
    package var failure: Failure?

    package init(_ subject: String, _ word: Word, _ text: String, remedy: String? = nil) {
        self.subject = subject
        self.word = word
        self.text = text
        self.remedy = remedy
    }

    package init(_ subject: String, _ failure: Failure) {
        self.init(subject, .bad, failure.message, remedy: failure.hint)
        self.failure = failure
    }

    package var json: JSONText {
        .object([
            .init("subject", .text(subject)), .init("word", .text(word.rawValue)), .init("text", .text(text)),
            .init("remedy", .optional(remedy)), .init("code", .optional(failure?.code.rawValue)),
        ])
    }
}

/// Looks at this machine, not at its server: clock, device, firmware, name, state directory.
package func examineMachine(
    at address: DeviceAddress, patience: DevicePatience, system: MEISystem, names: NameSources, stateDirectory: String
) -> [Finding] {
    var findings = [examineClock(time(nil))]
    do throws(HostInterfaceFault) {
        var device = try MEIDevice(address, patience: patience, system: system)
        findings.append(Finding("device", .fine, "\(device.address) offers the host interface"))
        findings.append(contentsOf: examine(try FirmwareFacts.read(.everything, from: &device)))
    } catch { findings.append(Finding("device", Failure(error))) }
    do throws(Failure) {
        let found = try findOSName(names)
        findings.append(Finding("name", .fine, "\(found.name), by '\(found.rule.rawValue)'"))
    } catch { findings.append(Finding("name", error)) }
    do throws(Failure) {
        _ = try RestoreMarker(directory: stateDirectory, create: false)
        findings.append(Finding("state directory", .fine, "\(stateDirectory) can be written to"))
        if RestoreMarker.isDue(in: stateDirectory) {
            findings.append(
                Finding(
                    "unfinished", .doubtful, "an earlier run was cut off and left a foreign host name in the firmware",
                    remedy: "Run namesake-agent sync --resume."))
        } else if try StoredRequest.read(in: stateDirectory) != nil {
            findings.append(
                Finding(
                    "unfinished", .doubtful, "an earlier run could not end", remedy: "Run namesake-agent sync --resume."
                ))
        }
    } catch {
        findings.append(
            Finding(
                "state directory", .doubtful, error.message, remedy: "sync makes it; without it nothing is resumed."))
    }
    return findings
}

/// A certificate is valid from some day on: a clock that stands before this program was written makes TLS fail.
package func examineClock(_ seconds: Int) -> Finding {
    seconds < 1_735_689_600
        ? Finding(
            "clock",
            Failure(.notReady, "the clock stands before 2025", hint: "Set it (timedatectl, or hwclock); TLS needs it."))
        : Finding("clock", .fine, "it is past 2025")
}

private func examine(_ facts: FirmwareFacts) -> [Finding] {
    var findings: [Finding] = []
    let version = facts.versions?.amt.map { "AMT \(printable($0))" } ?? "AMT of an unknown version"
    findings.append(
        facts.provisioningState == .post
            ? Finding("firmware", .fine, "\(version), provisioned, control mode \(facts.controlMode)")
            : Finding(
                "firmware", .doubtful, "\(version), not provisioned (\(facts.provisioningState))",
                remedy: "Its server provisions it when it says hello; sync --start-configuration lets it ask for that.")
    )
    findings.append(
        facts.machine.map { Finding("UUID", .fine, $0.text) }
            ?? Finding("UUID", Failure(.deviceRefused, "the firmware does not tell it", hint: "Update the firmware.")))
    return findings
}
