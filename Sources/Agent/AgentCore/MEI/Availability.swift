import AMTHI

/// Whether the management engine itself says that AMT is switched off, where it offers no host interface.
///
/// Its watchdog client stays when AMT is off, and tells so from AMT 16.1 on (``ManageabilityState``). The kernel's own
/// watchdog driver may hold that client: then nobody says so, and AMT counts as absent.
func isDisabled(_ address: DeviceAddress, _ patience: DevicePatience) -> Bool {
    let limit = min(patience.answer, .seconds(2))
    do {
        let link = try MEILink.open(address, client: MEILink.watchdog, answerWithin: limit)
        guard link.write(ManageabilityState.request) == 0 else { return false }
        return try ManageabilityState(try link.read(within: limit)).isEnabled == false
    } catch {
        // Older firmware, no such client, or another program has it.
        return false
    }
}
