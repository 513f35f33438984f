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
            "Accept that lock or native-size cannot be asked of a drive, or old boot-entries; the report says so.",
            valueName: "probe"))
    var accept: [AcceptedProbe] = []

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: "A new file for the same JSON: the evidence, without secrets.")
    var evidence: String?

    @Option(help: .hidden)
    var sysfs: String = "/sys"

    func validate() throws {
        for path in bootMedium where BlockDevice.named(path, sysfs: sysfs).kernelName == nil {
            throw ValidationError("--boot-medium \(path) is no block device here, so nothing can be left out for it.")
        }
    }

    static func main() {
        let words = programArguments()
        if words.first == Examiner.word { Examiner.run(Array(words.dropFirst())) }
        main(words)
    }

    func run() throws {
        let inspection = inspect()
        let document = inspection.json.rendered
        print(json ? document : inspection.page)
        if let evidence {
            do throws(Failure) { try writeNewFile(document + "\n", to: evidence) } catch {
                // The verdict stands; but a caller that wants evidence must not go on without.
                throw ExitCode(explain(error, json: false, command: "inspect").rawValue)
            }
        }
        throw ExitCode(inspection.ruling.verdict.exitStatus)
    }

    private func inspect() -> Inspection {
        var inspection = Inspection(isQuick: quick, coversMachine: disks.isEmpty)
        let all = BlockDevice.all(sysfs: sysfs)
        let left = bootMedium.map { BlockDevice.named($0, sysfs: sysfs).wholeDisk(sysfs: sysfs) }
        inspection.leftOut = bootMedium
        var chosen = disks.map { BlockDevice.named($0, sysfs: sysfs) }
        if disks.isEmpty {
            chosen = (all ?? []).filter { device in !left.contains { $0.kernelName == device.kernelName } }
            inspection.machine = [.disks: controllersAnswer(disks: all.map { _ in chosen }, sysfs: sysfs)]
        }
        // What needs privileges first: opening, and asking drives for their locks.
        var open: [OpenDisk] = []
        for device in chosen {
            do throws(DiskFault) {
                let disk = try Disk(device.path)
                let state = DriveState(asking: disk)
                open.append(
                    OpenDisk(
                        device: device, given: state.answers(for: device),
                        descriptor: fcntl(disk.descriptor, F_DUPFD_CLOEXEC, 10),
                        size: disk.size))
            } catch {
                let answers: [ProbeID: ProbeAnswer] = [.table: .indeterminate("\(error)")]
                inspection.disks.append(InspectedDisk(device: device, report: .unseen(answers, isQuick: quick)))
            }
        }
        giveUpPrivileges()
        for disk in open {
            var report = Examinee(disk: disk, isQuick: quick).examine()
            report.answers.merge(disk.given) { _, ours in ours }
            for probe in accept { probe.accept(in: &report.answers) }
            inspection.disks.append(InspectedDisk(device: disk.device, report: report))
        }
        if disks.isEmpty {
            let partitions = inspection.disks.flatMap(\.report.partitions).compactMap(\.uniqueID)
            inspection.machine[.bootEntries] = bootEntriesAnswer(sysfs: sysfs, present: Set(partitions))
            for probe in accept { probe.accept(in: &inspection.machine) }
        }
        return inspection
    }
}

/// What a person may take upon themselves.
enum AcceptedProbe: String, ExpressibleByArgument, CaseIterable {
    case lock
    case nativeSize = "native-size"
    case bootEntries = "boot-entries"

    private var probe: (id: ProbeID, indicator: Indicator) {
        switch self {
        case .lock: (.lock, .selfEncryption)
        case .nativeSize: (.nativeSize, .hiddenArea)
        case .bootEntries: (.bootEntries, .bootEntry)
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
                    return Evidence(indicator, .information, "\(evidence.text); accepted by --accept")
                })
        default: break
        }
    }
}

/// A disk that was opened while that was still allowed.
struct OpenDisk {
    var device: BlockDevice
    var given: [ProbeID: ProbeAnswer]
    /// A descriptor of its own, closed after the examination.
    var descriptor: Int32
    /// In bytes.
    var size: UInt64
}

extension DiskReport {
    /// Of a disk that nobody could look at.
    static func unseen(_ answers: [ProbeID: ProbeAnswer], isQuick: Bool) -> DiskReport {
        var examination = DiskExamination()
        examination.readsSurface = !isQuick
        var report = DiskReport(size: 0, required: examination.required)
        report.answers = answers
        return report
    }
}
