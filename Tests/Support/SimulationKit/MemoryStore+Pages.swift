import Fleet
import Foundation
import Jobs
import Vocabulary

/// What a database answers by an index, answered by reading all.
extension MemoryStore {
    func devices(after machine: MachineID?, limit: Int) async throws(Failure) -> [DeviceRecord] {
        let all = try await devices().filter { record in machine.map { record.machine.text > $0.text } ?? true }
        return Array(all.sorted { $0.machine.text < $1.machine.text }.prefix(limit))
    }

    func deviceTexts(after machine: MachineID?, limit: Int) async throws(Failure) -> [String] {
        let records = try await devices(after: machine, limit: limit)
        do { return try records.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) } } catch {
            throw Failure(.storeUnavailable, "a record cannot be written as JSON: \(error)")
        }
    }

    func jobs(after job: JobID?, limit: Int) async throws(Failure) -> [JobRecord] {
        Array(try await jobs().filter { $0.id.number > job?.number ?? 0 }.prefix(limit))
    }

    func unfinishedJobs(claiming name: Hostname) async throws(Failure) -> [JobRecord] {
        try await unfinishedJobs(of: nil)
    }

    /// One after the other and not both or neither: what holds when the server dies between them holds when it cannot.
    func append(
        _ event: JobEvent, requests: [JobRequest], then next: JobEvent, to job: JobID
    ) async throws(Failure) {
        try await append(event, requests: requests, to: job)
        try await append(next, to: job)
    }
}
