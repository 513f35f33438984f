import Fleet
import Jobs
import Provisioning
import Vocabulary

/// The person at the server, who looks after what nothing else mends.
extension World {
    /// Opens set-up where it is over, says where machines are by now, and lets go on what has failed.
    func lookAfterWhatIsHeld() async {
        with { state in
            for place in state.devices.indices where state.devices[place].isFactoryFresh {
                state.devices[place].startConfiguration()
                state.opened.insert(place)
            }
        }
        let dueForSweep = (try? await dueForSweep()) ?? []
        await tellAddresses(and: dueForSweep)
        for record in (try? await store.devices()) ?? [] where record.stage == .held {
            _ = try? await serverCore.retry(record.machine)
        }
        for job in failedOrders((try? await store.jobs()) ?? []) { _ = try? await serverCore.retry(job) }
        // A sweep that failed is not begun again by itself.
        for machine in dueForSweep {
            guard let last = try? await store.jobs(of: machine).last, last.kind == .sweep, last.state == .failed
            else { continue }
            _ = try? await serverCore.console(["accounts", "sweep", machine.text])
        }
    }

    /// Where a machine that needs it has another address by now, and no agent's report is to come that would say so.
    private func tellAddresses(and dueForSweep: Set<MachineID>) async {
        let silent = with { $0.devices.filter { $0.osName == nil || $0.agent == .idle }.map { ($0.address, $0.uuid) } }
        for (address, uuid) in silent {
            guard let machine = MachineID(smbios: uuid), let record = try? await store.device(machine),
                record.stage == .held || dueForSweep.contains(machine), record.address != address
            else { continue }
            _ = try? await serverCore.heard(machine, at: address)
        }
    }

    /// Jobs that a person began and that failed, with nothing after them but what the server began by itself.
    func failedOrders(_ jobs: [JobRecord]) -> [JobRecord] {
        let unnamed = with { $0.devices.filter { $0.osName == nil }.compactMap { MachineID(smbios: $0.uuid) } }
        return unnamed.compactMap { machine in
            let own = jobs.filter { $0.machine == machine }
            return [own.last, own.last { $0.kind != .sweep }].compactMap { $0 }.first { $0.state == .failed }
        }
    }

    /// Machines at which a sweep is due, or soon will be.
    func dueForSweep() async throws -> Set<MachineID> {
        let soon = with(\.now) + 2 * TemporaryAccount.afterFailure
        return Set(
            try await store.devices().filter { record in
                record.stage == .managed && record.firmware.map { Upkeep.sweepDue(of: $0) <= soon } ?? false
            }.map(\.machine))
    }
}

extension World.State {
    /// From now on a person looks every quarter of an hour, and the server each hour for what time alone makes due.
    mutating func scheduleRounds() {
        schedule(.operatorsRound, in: 900)
        schedule(.upkeep, in: 3600)
    }
}
