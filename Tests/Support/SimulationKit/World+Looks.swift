import Certificates
import Fleet
import Provisioning
import Vocabulary

extension World {
    /// Whatever the moment of the kill, the store holds a password that works, or the firmware is in set-up.
    func checkCredentials() async throws {
        for (place, device) in with(\.devices).enumerated() where device.isProvisioned {
            guard let machine = MachineID(smbios: device.uuid) else { continue }
            var works = false
            // What a person told for an adoption is admin's here.
            for purpose in [SecretPurpose.adminPassword, .adoption] {
                for sealed in try await store.sealed(purpose, of: machine) {
                    let password = try KeyRing(parts.key).open(sealed, for: "\(machine.text)/\(purpose.rawValue)")
                    works = works || password.reveal { device.adminHash == adminHash($0, realm: device.digestRealm) }
                }
            }
            if !works { with { $0.violations.append((place, "at a kill the store had no password that works")) } }
        }
    }

    /// Lets the time pass after which what a failed job has left is past its end, and the server look after it.
    func keepUp() async throws {
        wait(TemporaryAccount.afterFailure)
        _ = try await serverCore.upkeep(renewBefore: 0)
        try await run(until: with(\.now) + 86_400)
    }

    /// Where a held machine has another address by now, and has no agent yet whose report would say so, a person does.
    func tellAddresses() async {
        for (address, uuid) in with({ $0.devices.filter { $0.osName == nil }.map { ($0.address, $0.uuid) } }) {
            guard let machine = MachineID(smbios: uuid), let record = try? await store.device(machine),
                record.stage == .held, record.address != address
            else { continue }
            _ = try? await serverCore.heard(machine, at: address)
        }
    }
}

extension World.State {
    mutating func swap(_ one: Int, _ other: Int) {
        note("devices \(one) and \(other) swap addresses")
        let address = devices[one].address
        devices[one].address = devices[other].address
        devices[other].address = address
        devices[one].connection = nil
        devices[other].connection = nil
    }
}

extension Storm {
    /// Accounts of ours that are past their end, or that record and firmware do not have both, a line each.
    static func accountProblems(of world: World) async throws -> [Problem] {
        let (devices, now) = world.with { ($0.devices, $0.now) }
        var problems: [Problem] = []
        for (place, device) in devices.enumerated() {
            guard let machine = MachineID(smbios: device.uuid) else { continue }
            let account = try await world.store.device(machine)?.firmware?.account
            if device.users != [account?.name].compactMap({ $0 }) || (account?.ends ?? .infinity) <= now {
                let known = account.map { "\($0.name) until \($0.ends - now) s from now" } ?? "none"
                problems.append(Problem(device: place, what: "accounts \(device.users), the record knows \(known)"))
            }
        }
        return problems
    }
}
