import AMTHI
import AgentCore
import AgentOptions
import ArgumentParser
import Certificates
import Glibc
import LocalManagement
import Vocabulary
import WSMan
import Wire

/// `namesake-agent-local`: the commands of the agent that speak to the firmware's own WS-Man.
@main
struct LocalProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent",
        abstract: "The commands of namesake-agent that speak to the firmware's own WS-Man.",
        version: agentVersion, subcommands: [LocalCommand.self, CaptureCommand.self, BoardProofCommand.self],
        defaultSubcommand: LocalCommand.self)

    static func main() async {
        giveUpPrivileges()
        await main(programArguments())
    }
}

/// How the firmware's WS-Man is reached, and by what its certificate is believed.
struct ReachingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The SHA-256 of the key that the firmware's local TLS presents, in hexadecimal.", valueName: "digits"))
    var pin: String?

    @Option(help: ArgumentHelp("A PEM file of authorities that issue certificates to firmware.", valueName: "file"))
    var authorities: String?

    @Option(help: ArgumentHelp("A PEM file of Intel's on-die roots.", valueName: "file"))
    var onDieRoots: String?

    @Option(
        help: ArgumentHelp(
            "An enrolment file, whose authority is believed too. Default: the one in its usual place.",
            valueName: "file"))
    var enrolment: String?

    @Option(help: .hidden)
    var lmsPort: UInt16 = 16992

    @Option(help: .hidden)
    var lmsTlsPort: UInt16 = 16993

    func validate() throws {
        if let pin, keyPin(pin) == nil { throw ValidationError("--pin takes 64 hexadecimal digits.") }
    }

    var lms: LMSAddress { LMSAddress(plain: lmsPort, tls: lmsTlsPort) }

    /// - Throws: ``Failure/Code/agentConfigurationUnusable`` when a file of certificates cannot be read.
    func trust(_ settings: AgentConfiguration, firmwareName: String?) throws(Failure) -> LocalTrust {
        var trust = LocalTrust(now: time(nil))
        trust.pin = pin.flatMap { keyPin($0) } ?? settings.localPin
        trust.firmwareName = firmwareName.flatMap { try? Hostname($0) }
        trust.authorities = try Self.certificates(authorities ?? settings.localAuthorities)
        trust.onDieRoots = try Self.certificates(onDieRoots ?? settings.onDieRoots)
        // Where this machine is enrolled, its server issues the certificates.
        if let enrolment {
            trust.authorities += try Certificate.all(pem: try readEnrolment(enrolment).serverCA)
        } else if let enrolled = try? readEnrolment("/etc/namesake/enrolment.json"),
            let more = try? Certificate.all(pem: enrolled.serverCA)
        {
            // Without one, or with one that this user may not read, the others decide.
            trust.authorities += more
        }
        return trust
    }

    private static func certificates(_ path: String?) throws(Failure) -> [Certificate] {
        guard let path else { return [] }
        do throws(Failure) { return try Certificate.all(pem: try readSettingsText(path)) } catch {
            guard error.code == .certificateUnreadable else { throw error }
            throw Failure(
                .agentConfigurationUnusable, "\(path): \(error.message)", hint: "Put certificates in PEM there.")
        }
    }
}

/// A firmware at hand: its host interface was asked what is needed to speak WS-Man with it.
struct ReachedFirmware {
    var address: DeviceAddress
    var account: LocalSystemAccount
    /// As GetFQDN told it; `nil` where the firmware is too old to know.
    var name: String?

    init(_ settings: AgentConfiguration, _ looking: LookingOptions) throws(Failure) {
        do throws(HostInterfaceFault) {
            var device = try MEIDevice(
                settings.device ?? .probe, patience: looking.patience, system: looking.system)
            address = device.address
            name = try Self.name(&device)
            account = try device.perform(GetLocalSystemAccount())
        } catch { throw Failure(error) }
    }

    private static func name(_ device: inout MEIDevice) throws(HostInterfaceFault) -> String? {
        do throws(HostInterfaceFault) { return try device.perform(GetFQDN()).name } catch {
            guard case .refused = error else { throw error }
            return nil
        }
    }
}
