import AgentTestKit
import DiskTestKit
import Foundation
import Glibc
import Testing

/// `namesake-agent inspect` as a program.
@Suite("inspect", .timeLimit(.minutes(3)))
struct InspectTests {
    static let mebi: UInt64 = 1 << 20

    @Test("a blank disk ends with 0, one in use with 20, one that cannot be proved with 21, through the front door")
    func statuses() async throws {
        let blank = try Image(160 * Self.mebi)
        #expect(try await Self.inspect([blank.path]).status == 0)
        let used = try Image(160 * Self.mebi)
        try await Tool("mkfs.ext4").run(["-q", "-F", used.path])
        #expect(try await Self.inspect([used.path]).status == 20)
        let odd = try Image(160 * Self.mebi)
        try odd.write([7], at: 150 * Self.mebi + 5000)
        #expect(try await Self.inspect([odd.path]).status == 21)
        let both = try await Self.inspect([blank.path, used.path])
        #expect(both.status == 20)
        #expect(both.output.contains("BLANK") && both.output.contains("PRIOR: something is stored here"))
    }

    @Test("what cannot be opened, has no size or is no disk is not proved", arguments: ["missing", "empty", "folder"])
    func unreadable(kind: String) async throws {
        let folder = try TemporaryFolder()
        let paths = ["missing": "\(folder.path)/none", "empty": try folder.write("empty", ""), "folder": folder.path]
        let ending = try await Self.inspect([try #require(paths[kind])])
        #expect(ending.status == 21)
        #expect(ending.output.contains("UNKNOWN: neither blank nor in use"))
    }

    @Test("a machine without a disk is not proved, nor one whose controller hides its disks")
    func machine() async throws {
        let folder = try TemporaryFolder()
        try makeFolder("\(folder.path)/block")
        let none = try await Self.inspect(["--sysfs", folder.path])
        #expect(none.status == 21)
        #expect(none.output.contains("no disk is to be seen"))
        try makeFolder("\(folder.path)/bus/pci/devices/0000:00:0e.0")
        try folder.write("bus/pci/devices/0000:00:0e.0/class", "0x010400\n")
        let hidden = try await Self.inspect(["--sysfs", folder.path])
        #expect(hidden.output.contains("no driver for the storage controller 0000:00:0e.0"))
        try makeFolder("\(folder.path)/bus/pci/devices/0000:00:0e.0/driver")
        let raid = try await Self.inspect(["--sysfs", folder.path])
        #expect(raid.status == 21)
        #expect(raid.output.contains("is in RAID or VMD mode and shows no disk"))
        let unmounted = try await Self.inspect(["--sysfs", "\(folder.path)/none"])
        #expect(unmounted.status == 21)
    }

    @Test("its JSON fits the schema, and goes into a new file as evidence")
    func document() async throws {
        let image = try Image(160 * Self.mebi)
        try await Tool("mkfs.ext4").run(["-q", "-F", "-L", "odd\u{1B}[31m", image.path])
        let evidence = "\(image.folder.path)/evidence.json"
        let ending = try await Self.inspect(["--json", "--quick", "--evidence", evidence, image.path])
        #expect(ending.status == 20)
        #expect(try String(contentsOfFile: evidence, encoding: .utf8) == ending.output)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
        #expect(object["verdict"] as? String == "prior")
        #expect(object["quick"] as? Bool == true)
        #expect(object["coversMachine"] as? Bool == false)
        try await Self.checkSchema(ending.output, in: image.folder)
        // A file that is there already is somebody's evidence.
        #expect(try await Self.inspect(["--evidence", evidence, image.path]).status == 77)
        let page = try await Self.inspect([image.path])
        #expect(!page.output.contains("\u{1B}"))
    }

    @Test("--quick says what it does not prove")
    func quick() async throws {
        let image = try Image(400 * Self.mebi)
        let ending = try await Self.inspect(["--quick", image.path])
        #expect(ending.status == 0)
        #expect(ending.output.contains("Not proved: that nothing is stored in less than 0.1 %"))
        #expect(try await Self.inspect(["--json", image.path]).output.contains("\"probe\": \"surface\""))
    }

    @Test("a boot medium that is no disk is wrong usage")
    func bootMedium() async throws {
        #expect(try await Self.inspect(["--boot-medium", "/dev/null"]).status == 64)
    }

    @Test("the reader is confined while it reads, and a killed one proves nothing")
    func confinement() async throws {
        let image = try Image(200 << 30)
        let running = try RunningProgram(Self.program("namesake-agent"), ["inspect", image.path])
        let reader = try await Self.child(of: running.process)
        // It confines itself before it reads; the wait is for that line of the kernel's.
        var status = ""
        while !status.contains("Seccomp:\t2") {
            status = try String(contentsOfFile: "/proc/\(reader)/status", encoding: .utf8)
            await Task.yield()
        }
        #expect(status.contains("NoNewPrivs:\t1"))
        let limits = try String(contentsOfFile: "/proc/\(reader)/limits", encoding: .utf8)
        #expect(limits.contains("Max address space         536870912 "))
        kill(reader, SIGKILL)
        let ending = try await running.ending()
        #expect(ending.status == 21)
        #expect(ending.output.contains("its reader ended early"))
    }

    @Test("no image is changed", .enabled(if: Tool.areThere("sgdisk", "mkntfs", "mkfs.vfat"), Tool.note))
    func changesNothing() async throws {
        let image = try await Image.windowsLike()
        let before = try await image.digest()
        #expect(try await Self.inspect([image.path]).status == 20)
        let after = try await image.digest()
        #expect(after == before)
    }

    /// The program itself is the only child of the front door, which it replaces; its own child reads.
    ///
    /// - Throws: `Trouble` when the program ended first.
    static func child(of process: Int32) async throws -> Int32 {
        while true {
            try Task.checkCancellation()
            guard try !String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).contains(") Z ") else {
                throw Trouble("inspect ended before its reader was seen")
            }
            let list = try String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
            if let number = list.split(separator: " ").first.flatMap({ Int32($0) }) { return number }
            await Task.yield()
        }
    }

    static func inspect(_ arguments: [String]) async throws -> RunningProgram.Ending {
        try await RunningProgram(program("namesake-agent"), ["inspect"] + arguments).ending()
    }

    private func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func checkSchema(_ text: String, in folder: TemporaryFolder) async throws {
        let schema = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Documentation/schemas/inspect.json").standardizedFileURL.path
        let program = """
            import json, sys
            try: import jsonschema
            except ImportError: print("skipped: python3-jsonschema is not installed"); sys.exit()
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft7Validator.check_schema(schema)
            jsonschema.validate(json.load(open(sys.argv[2])), schema)
            """
        let file = try folder.write("instance.json", text)
        let ending = try await RunningProgram("/usr/bin/env", ["python3", "-c", program, schema, file]).ending()
        #expect(ending.status == 0, "\(ending.complaints.suffix(600))")
    }

    /// Where the tests of this package were built, its programs were too.
    static func program(_ name: String) -> String {
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appending(path: name).path
    }
}
