import Certificates
import Fleet
import Foundation
import Jobs
import Provisioning
import StorageSQLite
import TestKit
import Vocabulary
import Wire

/// A server's core over a real store, with machines that are whatever a test says they are.
struct CoreBench {
    let core: ServerCore
    let store: SQLiteStore
    let domain: Hostname

    /// In memory where there is such a file system, because every write waits for its disk.
    static func run(_ body: (CoreBench) async throws -> Void) async throws {
        let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let folder = "\(base)/namesake-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(try CoreBench(in: folder))
    }

    private init(in folder: String) throws {
        domain = try Hostname("corp.example.test")
        store = try SQLiteStore(path: "\(folder)/store")
        let key = try PrivateKey.rsa(bits: 2048)
        let now = Int(Date().timeIntervalSince1970)
        let root = try CertificateProfile.root("R").issue(for: try key.publicKey, by: nil, signingWith: key, now: now)
        let leafKey = try PrivateKey.rsa(bits: 2048)
        let leaf = try CertificateProfile.provisioning(try Hostname("p.corp.example.test")).issue(
            for: try leafKey.publicKey, by: root, signingWith: key, now: now)
        core = ServerCore(
            store: store, domain: domain, policy: NamePolicy(domains: [domain]),
            routes: Routes(.inPlace, chain: try ProvisioningChain(links: [leaf, root], key: leafKey)),
            board: SignalBoard(), clock: { Date().timeIntervalSince1970 }, ring: {})
    }

    static func machine(_ number: Int) -> MachineID? {
        MachineID(smbios: (0..<16).map { UInt8(truncatingIfNeeded: $0 == 0 ? 1 : number >> ($0 % 2 * 8)) })
    }

    func hello(_ machine: MachineID, from address: String = "127.0.0.2") async throws -> HelloIntake.Decision {
        let bytes = [0, 0, 3, 0, 0, 0, 0, 0] + machine.smbiosBytes + [1, 2, 32] + [UInt8](repeating: 0xAA, count: 32)
        guard case .packet(let packet) = HelloPacket.read(bytes) else { throw Unexpected("\(bytes)") }
        return try await core.take(packet, from: address)
    }

    func report(_ machine: MachineID, _ name: String, key: String? = nil) async throws -> Directive {
        try await core.take(
            Report(
                agentVersion: "x", machine: machine, osName: try Hostname(name), osNameRule: "--name",
                firmwareName: nil, provisioningState: .post, controlMode: .admin,
                agentKey: key))
    }

    /// What the machine's job would have written at its end.
    func endJob(of machine: MachineID) async throws {
        guard let job = try await store.jobs(of: machine).last, !job.state.isFinal else { return }
        let now = Date().timeIntervalSince1970
        let claimed =
            job.kind == .rename
            ? try JSONDecoder().decode(
                RenameParameters.self, from: Data(job.parameters.utf8)
            ).claim : nil
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in
            guard let name = claimed ?? record?.name else { return }
            record?.rename(to: name, now: now)
            record?.stage = .managed
            record?.firmware = ProvisionedFirmware(
                name: name, hostOSFQDN: nil, digestRealm: "Digest:0", pin: "", certificate: "", certificateID: "",
                keyPairID: "", account: nil, adminProved: now, provedAt: now)
        }
        try await store.settle(job.id, .done, now: now)
    }
}
