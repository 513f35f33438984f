import AgentTestKit
import Foundation
import TestKit

/// What grows with the number of machines that a server knows: hellos, one job, lists, memory.
///
/// The store is filled with copies of one machine that was really provisioned: record, secrets and its job, and a job that
/// waits for a year. Nothing of that is due while it is measured.
struct GrowthBenchmark {
    private let folder: String
    private let network: String
    private let engine: EngineBenchmark
    private static let sizes = [1000, 10_000, 100_000]
    /// How many real machines are set up at each size.
    private static let devices = 60

    init(in folder: String) throws {
        self.folder = folder
        network = try loopbackNetwork()
        engine = try EngineBenchmark(in: folder, network: network)
    }

    func run() async throws {
        let number = 48
        let home = "\(folder)/\(number)"
        _ = try await engine.provision(devices: 1, number: number)
        for (place, size) in Self.sizes.enumerated() {
            try await fill(home, to: size)
            let job = try await engine.provision(
                devices: Self.devices, number: number, from: 60 + Self.devices * place, isNew: false)
            let server = try await engine.startServer(number, jobsAtOnce: 1, isNew: false)
            defer { EngineBenchmark.end(server) }
            // What the first look at everything costs is not what a hello costs.
            try await EngineBenchmark.settled(server.process)
            let hellos = try await hellos(number, server.process, from: place * 2000)
            let idle = try EngineBenchmark.memory(server.process, "VmRSS") / 1024
            let devices = try await list("devices", home)
            let jobs = try await list("jobs", home)
            let peak = try EngineBenchmark.memory(server.process, "VmHWM") / 1024
            say(
                "with \(size) records".padding(toLength: 33, withPad: " ", startingAt: 0)
                    + "job \(EngineBenchmark.text(job.cpu / Double(Self.devices) * 1000, "ms", 1)), hellos "
                    + "\(EngineBenchmark.text(hellos, "for a second of CPU", 0)); server "
                    + "\(EngineBenchmark.text(idle, "MB", 0)), with lists \(EngineBenchmark.text(peak, "MB", 0)); "
                    + "`devices list` \(devices), `jobs list` \(jobs)")
        }
    }

    /// Hellos for a second of the server's CPU, of a thousand machines that nobody has seen.
    private func hellos(_ number: Int, _ process: Int32, from first: Int) async throws -> Double {
        let sender = try await HelloPackets(to: "\(network).\(number)", of: "\(folder)/\(number)")
        try sender.keepBusy(from: first)
        let before = try EngineBenchmark.cpu(process)
        try sender.send(from: first, to: first + 1000)
        try await EngineBenchmark.settled(process)
        return 1000 / (try EngineBenchmark.cpu(process) - before)
    }

    /// Time of a list and peak of the program that shows it.
    private func list(_ name: String, _ home: String) async throws -> String {
        let start = ContinuousClock.now
        let shown = try await TestKit.run(
            "/bin/sh",
            [
                "-c", "exec /usr/bin/time -f 'peak %M' \"$0\" \"$1\" list --folder \"$2\" >\"$2/list\"",
                product("namesake-server"), name, home,
            ])
        let time = EngineBenchmark.seconds(since: start)
        guard shown.status == 0, let peak = shown.output.firstMatch(of: /peak (\d+)/).flatMap({ Double($0.output.1) })
        else { throw Unexpected(shown.output) }
        return "\(EngineBenchmark.text(time, "s", 1)) and \(EngineBenchmark.text(peak / 1024, "MB", 0))"
    }

    /// Copies of the first machine until there are so many; the server is stopped.
    private func fill(_ home: String, to count: Int) async throws {
        let script = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1] + "/store.sqlite")
            machine, record = store.execute("SELECT machine, record FROM device ORDER BY rowid LIMIT 1").fetchone()
            name = store.execute("SELECT name FROM device WHERE machine = ?", (machine,)).fetchone()[0]
            # Machines that only said hello, and have no firmware behind them.
            vain = "kind = 'provision' AND state <> 'done'"
            store.execute("DELETE FROM device WHERE machine IN (SELECT machine FROM job WHERE " + vain + ")")
            store.execute("DELETE FROM job WHERE " + vain)
            there = store.execute("SELECT COUNT(*) FROM device").fetchone()[0]
            secrets = store.execute("SELECT purpose, sealed, created FROM secret WHERE machine = ?", (machine,)).fetchall()
            job = store.execute("SELECT parameters, created, due, ended FROM job WHERE machine = ?", (machine,)).fetchone()
            for number in range(there, int(sys.argv[2])):
                other, label = "ffffffff-0000-4000-8000-%012x" % number, "copy-%d" % number
                copied = record.replace(machine, other).replace(name, name.replace(name.split(".")[0], label))
                store.execute("INSERT INTO device (machine, name, record) VALUES (?, ?, ?)",
                    (other, label + name[name.index("."):], copied))
                store.executemany("INSERT INTO secret (machine, purpose, sealed, created) VALUES (?, ?, ?, ?)",
                    [(other, *secret) for secret in secrets])
                store.execute("INSERT INTO job (kind, machine, parameters, state, created, due, ended) "
                    "VALUES ('provision', ?, ?, 'done', ?, ?, ?)", (other, *job))
                store.execute("INSERT INTO job (kind, machine, parameters, state, created, due) "
                    "VALUES ('sweep', ?, '{}', 'waiting', ?, ?)", (other, job[1], job[2] + 31536000))
            store.commit()
            """
        let filled = try await TestKit.run("/usr/bin/python3", ["-c", script, home, "\(count)"])
        guard filled.status == 0 else { throw Unexpected(filled.output) }
    }
}
