package import AgentCore
package import ArgumentParser
import Glibc
package import Vocabulary

/// What the commands share that look at the machine.
package struct LookingOptions: ParsableArguments {
    @Option(
        help:
            "The MEI device, or unix:PATH for a socket that speaks like one. Default: the right one of /dev/mei0 to 3.")
    package var device: String?

    @Option(help: "The operating system's name, instead of finding it.")
    package var name: String?

    @Option(help: "The rules for finding it, in their order: static,kernel,resolver,realm,dhcp.")
    package var nameRules: String?

    @Option(help: ArgumentHelp("How long to wait for the firmware or a busy device.", valueName: "seconds"))
    var deviceTimeout: Double = 15

    @Option(help: "The agent's settings. Default: /etc/namesake/agent.json, where there is one.")
    var configuration: String?

    @Option(help: .hidden)
    var sysfs: String = "/sys"

    @Flag(help: "Print JSON.")
    package var json = false

    package init() {}

    package func validate() throws {
        if let device, DeviceAddress(argument: device) == nil { throw ValidationError("--device needs a path.") }
        guard deviceTimeout > 0, deviceTimeout <= 600 else {
            throw ValidationError("--device-timeout takes 0 to 600 seconds.")
        }
        if let nameRules, NameRule.order(nameRules.split(separator: ",", omittingEmptySubsequences: false)) == nil {
            throw ValidationError(
                "--name-rules takes some of \(NameRule.usualOrder.map(\.word).joined(separator: ",")), each once.")
        }
    }

    package var patience: DevicePatience { DevicePatience().within(.milliseconds(Int(deviceTimeout * 1000))) }
    package var system: MEISystem { MEISystem(sysfs: sysfs) }

    /// The settings, what is on the command line going before the file.
    package func settings() throws(Failure) -> AgentConfiguration {
        var settings = try AgentConfiguration.read(configuration)
        if let device { settings.device = DeviceAddress(argument: device) }
        if let order = nameRules.flatMap({ NameRule.order($0.split(separator: ",")) }) { settings.nameRules = order }
        return settings
    }

    /// The same for `namesake-agent-local`, with what is known already.
    package func forLocal(_ device: String?, os: String?) -> [String] {
        var words = ["--device-timeout", "\(deviceTimeout)", "--sysfs", sysfs]
        if let device { words += ["--device", device] }
        if let os { words += ["--name", os] }
        if let configuration { words += ["--configuration", configuration] }
        return words
    }

    /// Where the operating system's name comes from.
    package func names(_ settings: AgentConfiguration) -> NameSources {
        let (address, patience, system) = (settings.device ?? .probe, patience, system)
        return .system(override: name, order: settings.nameRules) {
            readFirmwareMAC(at: address, patience: patience, system: system)
        }
    }

    /// Looks at the machine as `status` and `check` do.
    package func observe(_ extent: FirmwareFacts.Extent, asksDNS: Bool = false) throws(Failure) -> Observation {
        let settings = try settings()
        return Observation.make(
            extent, at: settings.device ?? .probe, patience: patience, system: system, asksDNS: asksDNS,
            names: names(settings))
    }
}

/// Ends a command with a failure: explained on standard error, as JSON where that is wanted, and by its status.
package func explain(_ failure: Failure, json: Bool, command: String) -> ExitStatus {
    if json { print(failure.report(command: command).rendered) }
    complain(failure.explanation)
    return ExitStatus(failure)
}
