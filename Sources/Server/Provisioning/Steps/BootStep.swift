import AMTOperations
import Fleet
package import Jobs
package import Vocabulary
import WSMan

/// In which order a boot from the network is asked for; both are documented, and clients of both kinds work.
///
/// Source: network reference 7.2.
package enum BootOrder: String, Codable, Sendable {
    /// An earlier choice is taken back, the settings made plain, then the choice is made.
    case settingsFirst = "settings-first"
    /// The choice is made, then the settings made plain.
    case choiceFirst = "choice-first"
}

/// Lets the machine boot from the network, once, now, as admin.
///
/// The methods ask for the realm Remote Control, which the temporary account does not have (network reference 7.2).
///
/// Done again after a crash it boots the machine again, which a machine without an operating system does not mind; one
/// that has one is not asked to boot but by a person.
package struct BootStep: Step {
    package static let name: StepName = "boot.network"
    package struct Output: Hashable, Codable, Sendable {
        /// CIM's number of what the machine was: 2 on, 8 off.
        package var was: UInt32
    }

    package init() {}

    package func run(_ context: FirmwareContext, _ ledger: JobLedger) async throws(Failure) -> Output {
        try await context.openAdmin()
        try await requireMachine(context)
        switch context.workshop.bootOrder {
        case .settingsFirst:
            try await context.perform(CIM.BootConfigSetting.ChangeBootOrder(nil))
            try await makePlain(context)
            try await context.perform(CIM.BootService.SetBootConfigRole())
            try await context.perform(CIM.BootConfigSetting.ChangeBootOrder(.network))
        case .choiceFirst:
            try await context.perform(CIM.BootConfigSetting.ChangeBootOrder(.network))
            try await makePlain(context)
            try await context.perform(CIM.BootService.SetBootConfigRole())
        }
        guard let was = try await context.enumerate(CIM.AssociatedPowerManagementService.self).first else {
            throw Failure(
                .firmwareAnswerUnreadable, "the firmware does not say whether the machine is on",
                hint: "Look at its power with another console.")
        }
        try await context.perform(CIM.PowerManagementService.RequestPowerStateChange.boot(from: was))
        let now = context.now
        _ = try await context.store.change(context.machine) { (record: inout DeviceRecord?) in
            if record?.collection == .readyToBuild { record?.buildBegan = now }
        }
        return Output(was: was)
    }

    /// Writes the settings only where something is set; firmware without them has nothing to take back.
    private func makePlain(_ context: FirmwareContext) async throws(Failure) {
        var settings: AMT.BootSettingData.Settings
        do { settings = try await context.session.perform(AMT.BootSettingData.Get()) } catch {
            if case .fault(let subcode, _, _) = error, subcode.hasSuffix("DestinationUnreachable") { return }
            throw FirmwareContext.failure(error)
        }
        guard !settings.isPlain else { return }
        settings.makePlain()
        _ = try await context.perform(AMT.BootSettingData.Put(settings))
    }
}
