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
