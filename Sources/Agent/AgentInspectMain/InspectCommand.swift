import AgentCore
import AgentOptions
import ArgumentParser
import DiskInspection
import Glibc
import Vocabulary

/// `inspect`: proves that this machine's disks are blank, or refuses.
@main
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namesake-agent inspect",
        abstract: "Prove that this machine's disks are blank before a build overwrites them, or refuse.",
        discussion: """
            Reads, and never writes to a disk. Every byte is read unless --quick says otherwise; a disk in use is refused \
            within a second or two. Exit status: 0 all disks are proved blank, 20 a prior installation, 21 not to be \
            proved, 22 a factory image.
            """,
        version: agentVersion)

    @Argument(help: "Look only at these disks or images. Default: at all disks, which is what a build needs.")
    var disks: [String] = []

    @Flag(
        help: "Read both ends, a grid of 1 MiB and 20,000 samples instead of every byte; says what that does not prove."
    )
    var quick = false

    @Option(help: "The disk that this system was started from: it is left out. Nothing else is.")
    var bootMedium: [String] = []

    @Option(
        help: ArgumentHelp(
            "Accept that lock, native-size or wear cannot be asked of a drive, or old boot-entries; the report says so.",
            valueName: "probe"))
    var accept: [AcceptedProbe] = []

    @Option(
        help: ArgumentHelp(
            "A list of machines that somebody keeps, as any text: says whether this machine is on it.",
            valueName: "file"))
    var inventory: String?

    @Flag(help: "For --inventory: a machine that is on the list is no machine to build.")
    var refuseKnown = false

    @Option(
        help: ArgumentHelp(
            "A drive that wrote more than that, by its own count, is not proved blank. Default: it is shown.",
            valueName: "TB"))
    var mostWritten: Double?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: "A new file for the same JSON: the evidence, without secrets.")
    var evidence: String?

    @Option(
        help: ArgumentHelp(
            "A new file for the leave to write, when all is blank: good for 15 minutes and these disks.",
            valueName: "file"))
    var token: String?

    @Option(
        help: ArgumentHelp("Only look whether that leave still holds for the disks named.", valueName: "file"))
    var verifyToken: String?

    @Option(
        help: ArgumentHelp(
            "Allow the disk with this serial to be written over although it is not blank: needs --reason and --evidence.",
            valueName: "serial"))
    var override: String?

    @Option(help: "Why, for the log and the evidence.")
    var reason: String?

    @Flag(help: "Tell the server the verdict; a staged machine is built only when it is blank.")
    var report = false

    @Option(help: "For --report: the file that ties this machine to its server. Default: /etc/namesake/enrolment.json.")
    var enrolment: String?

    @Option(help: "For --report: the device that tells which machine this is, as sync takes it.")
    var device: String?

    @Option(help: .hidden)
    var sysfs: String = "/sys"

    @Option(help: .hidden)
    var patience: Int = 60

    func validate() throws {
        for path in bootMedium where BlockDevice.named(path, sysfs: sysfs).kernelName == nil {
            throw ValidationError("--boot-medium \(path) is no block device here, so nothing can be left out for it.")
        }
        for path in disks {
            let device = BlockDevice.named(path, sysfs: sysfs), whole = device.wholeDisk(sysfs: sysfs)
            guard device.kernelName == whole.kernelName else {
                throw ValidationError(
                    "\(path) is a partition of \(whole.path), and a blank one says nothing about the disk: name the disk."
                )
            }
        }
        if report, !disks.isEmpty {
            throw ValidationError("--report tells of the machine, so no disks can be named.")
        }
        if let inventory, !disks.isEmpty {
            throw ValidationError("--inventory \(inventory) is about the machine, so no disks can be named.")
        }
        if let inventory, access(inventory, R_OK) != 0 {
            throw ValidationError("--inventory \(inventory) cannot be read: \(String(cString: strerror(errno))).")
        }
        if refuseKnown, inventory == nil { throw ValidationError("--refuse-known needs --inventory with a list.") }
        if let mostWritten, !(0..<1_000_000).contains(mostWritten) {
            throw ValidationError("--most-written takes terabytes, such as 0.5.")
        }
        if override != nil || reason != nil {
            guard override?.isEmpty == false, reason?.split(separator: " ").isEmpty == false, evidence != nil else {
                throw ValidationError(
                    "--override needs a serial, --reason, and --evidence with a file to keep both in.")
            }
        }
        if verifyToken != nil, disks.isEmpty || token != nil {
            throw ValidationError("--verify-token needs the disks that will be written to, and makes no token.")
        }
    }

    static func main() {
        let words = programArguments()
        Examiner.runIfAsked(words)
        main(words)
    }

    func run() throws {
        if let verifyToken { throw ExitCode(verify(verifyToken)) }
        var inspection = inspector.inspect(quick ? .samples : .everyByte)
        if let override, let reason { inspection.override = Override(serial: override, reason: reason) }
        let document = inspection.json.rendered
        print(json ? document : inspection.page)
        do throws(Failure) {
            if let evidence { try writeNewFile(document + "\n", to: evidence) }
            if let override = inspection.override {
                let chosen = inspection.disks.filter(inspection.isOverridden)
                if inspection.disksOfOverride.count > 1 {
                    complain(
                        "\(inspection.disksOfOverride.count) disks have the serial \(printable(override.serial)), so that "
                            + "it does not say which one is meant: the override has no effect. Name one disk alone.")
                } else if chosen.isEmpty {
                    complain(
                        "No disk with the serial \(printable(override.serial)) needs an override: it has no effect.")
                }
                for disk in chosen { override.log(disk) }
            }
            if let token, inspection.allowsWriting {
                try writeNewFile(inspection.token(evidence: document + "\n") + "\n", to: token)
            }
        } catch {
            // The verdict stands; but a caller that wants the file must not go on without.
            throw ExitCode(explain(error, json: false, command: "inspect").rawValue)
        }
        if report {
            let told = ServerReport(enrolment: enrolment, device: device).send(inspection.ruling.verdict.word)
            // A build that goes on while the server knows of nothing would be held later.
            if told != 0, inspection.allowsWriting { throw ExitCode(told) }
        }
        throw ExitCode(inspection.permission.verdict.exitStatus)
    }

    private var inspector: Inspector {
        var policy = Inspector.Policy(inventory: inventory, refusesKnown: refuseKnown)
        policy.mostWritten = mostWritten.map { UInt64($0 * 1e12) }
        return Inspector(
            disks: disks, bootMedium: bootMedium, accept: accept, sysfs: sysfs, patience: patience, policy: policy)
    }

    /// Looks again, just before the first write: at the token, at the disk's identity, and at its ends and headers.
    private func verify(_ file: String) -> Int32 {
        let bytes = readFile(file)
        guard let token = bytes.flatMap({ WriteToken(json: $0) }) else {
            return refuse("\(file) is no token that can be read")
        }
        let again = inspector.inspect(.ends)
        guard !again.disks.isEmpty else { return refuse("no disk was named") }
        let refusal = again.disks.lazy.compactMap { disk -> String? in
            let identity = WriteToken.Identity(disk.device, size: disk.report.size, mark: disk.mark)
            return token.refusal(for: identity, bootID: readBootID(), now: secondsSinceStart())
                .map { "\(disk.device.path): \($0)" }
        }.first
        // Only what is at the ends was asked for, and all of it has to be as blank as before.
        let isLeft = again.disks.allSatisfy { disk in
            disk.report.ruling.verdict == .blank || (disk.device.serial.map(token.overridden.contains) ?? false)
        }
        guard isLeft else {
            print(again.page)
            if let refusal { _ = refuse(refusal) }
            return again.ruling.verdict.exitStatus
        }
        if let refusal { return refuse(refusal) }
        print("The token holds for \(disks.joined(separator: ", ")). Write at once.")
        return 0
    }

    private func refuse(_ why: String) -> Int32 {
        complain("Do not write: \(printable(why)). Inspect again.")
        return DiskVerdict.unknown.exitStatus
    }

    private func readFile(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}
