import Fleet
import Jobs
package import Vocabulary

extension ServerCore {
    /// Answers what a person at the server asks.
    ///
    /// Verbs: `accounts`, `accounts sweep UUID`, `devices`, `devices page [UUID]`, `devices UUID`, `devices UUID retry|renew|boot-pxe|readmit|export`, `devices UUID
    /// retire [SUCCESSOR]`, `devices UUID legacy-tls allow|forbid`, `devices UUID rename NAME`, `devices UUID reprovision
    /// [NAME]`, `devices UUID unprovision partial|full`, the last three with `dry-run` before them; `jobs`, `jobs page [NUMBER]`, `jobs
    /// NUMBER`, `jobs NUMBER retry`, `jobs NUMBER approve|reject|cancel REASON` with the reason's bytes in hexadecimal, `ping`, `collections [NAME]`.
    ///
    /// - Returns: JSON: ``AccountLine``s, ``Fleet/DeviceRecord``s, ``Jobs/JobRecord``s, a ``RoutePlan`` or a ``JobPage``.
    package func console(_ verb: [String]) async throws(Failure) -> [UInt8] {
        switch verb.first {
        case "ping": return Array("{}".utf8)
        case "devices": return try await devices(Array(verb.dropFirst()))
        case "collections": return try await collections(Array(verb.dropFirst()))
        case "accounts": return try await accounts(Array(verb.dropFirst()))
        case "jobs": return try await jobs(Array(verb.dropFirst()))
        default: throw Failure(.serverRefused, "no such verb: \(verb.joined(separator: " ").prefix(80))")
        }
    }

    /// So many lines has a page of a list at most.
    private static let page = 500

    private func devices(_ words: [String]) async throws(Failure) -> [UInt8] {
        guard let text = words.first else { return Array(try encoded(try await store.devices()).utf8) }
        if text == "page" {
            let last = words.dropFirst().first.flatMap { MachineID($0) }
            guard words.count == 1 || last != nil else {
                throw Failure(.machineUnknown, "'\(words[1].prefix(64))' is no UUID")
            }
            // As they are stored: reading and writing each would cost the most of it.
            let texts = try await store.deviceTexts(after: last, limit: Self.page)
            return Array("[\(texts.joined(separator: ","))]".utf8)
        }
        guard let machine = MachineID(text) else {
            throw Failure(.machineUnknown, "'\(text.prefix(64))' is no UUID", hint: "Take one from `devices list`.")
        }
        if words.dropFirst() == ["retry"] { return Array(try encoded(try await retry(machine)).utf8) }
        if words.count == 3, words[1] == "legacy-tls", ["allow", "forbid"].contains(words[2]) {
            let allows = words[2] == "allow"
            guard try await store.device(machine) != nil else { throw Self.unknown(machine) }
            let record = try await store.change(machine) { (record: inout DeviceRecord?) in
                record?.allowsLegacyTLS = allows ? true : nil
            }
            return Array(try encoded(record).utf8)
        }
        if words.dropFirst() == ["renew"] {
            return Array(try encoded(try await beginUpkeep(.renew, of: machine)).utf8)
        }
        if let answer = try await identity(machine, Array(words.dropFirst())) { return answer }
        if words.dropFirst().first == "adopt" { return try await adopt(machine, Array(words.dropFirst(2))) }
        if words.dropFirst() == ["boot-pxe"] {
            return Array(try encoded(try await beginUpkeep(.bootNetwork, of: machine)).utf8)
        }
        if words.count > 1 { return Array(try encoded(try await plan(machine, Array(words.dropFirst()))).utf8) }
        guard let record = try await store.device(machine) else { throw Self.unknown(machine) }
        return Array(try encoded(record).utf8)
    }

    private func plan(_ machine: MachineID, _ words: [String]) async throws(Failure) -> RoutePlan {
        let dryRun = words.first == "dry-run"
        let words = dryRun ? Array(words.dropFirst()) : words
        var name: Hostname?
        if words.first != "unprovision", let text = words.dropFirst().first {
            do { name = try Hostname(text) } catch { throw Failure(.nameInvalid, "\(error)") }
        }
        switch (words.first, words.dropFirst().first) {
        case ("rename", _?): return try await begin(.rename, of: machine, name: name, dryRun: dryRun)
        case ("reprovision", _): return try await begin(.reprovision, of: machine, name: name, dryRun: dryRun)
        case ("unprovision", "partial"): return try await begin(.unprovision, of: machine, dryRun: dryRun)
        case ("unprovision", "full"): return try await begin(.unprovision, of: machine, full: true, dryRun: dryRun)
        default: throw Failure(.serverRefused, "no such verb: \(words.joined(separator: " ").prefix(80))")
        }
    }

    private func jobs(_ words: [String]) async throws(Failure) -> [UInt8] {
        guard let text = words.first else { return Array(try encoded(try await store.jobs()).utf8) }
        if text == "page" {
            let last = words.dropFirst().first.flatMap { JobID($0) }
            guard words.count == 1 || last != nil else {
                throw Failure(.machineUnknown, "no job '\(words[1].prefix(40))'")
            }
            return Array(try encoded(try await store.jobs(after: last, limit: Self.page)).utf8)
        }
        guard let id = JobID(text), let job = try await store.job(id) else {
            throw Failure(.machineUnknown, "no job '\(text.prefix(40))'", hint: "Take a number from `jobs list`.")
        }
        if words.dropFirst() == ["retry"] { return Array(try encoded(try await retry(job)).utf8) }
        if words.count == 3, ["approve", "reject"].contains(words[1]), let reason = bytes(hexadecimal: words[2]) {
            let decided = try await decide(
                job, approved: words[1] == "approve", reason: String(decoding: reason, as: UTF8.self))
            return Array(try encoded(decided).utf8)
        }
        if words.count == 3, words[1] == "cancel", let reason = bytes(hexadecimal: words[2]) {
            return Array(
                try encoded(try await cancel(job, reason: String(decoding: reason, as: UTF8.self))).utf8)
        }
        return Array(try encoded(try await page(of: job)).utf8)
    }

    func page(of job: JobRecord) async throws(Failure) -> JobPage {
        try JobPage(
            job: job, lines: try await store.lines(of: job.id), record: try await store.device(job.machine))
    }
}
