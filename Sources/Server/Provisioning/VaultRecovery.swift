package import Certificates
package import Fleet
import Foundation
import Jobs
package import Vocabulary

/// What it takes to get into one machine's firmware without this server.
package struct RecoveryExport: Hashable, Codable, Sendable {
    /// The record as it was, with name, address, pin and certificate; `nil` before there was one.
    package var record: DeviceRecord?
    package var secrets: [KeptSecret]

    package struct KeptSecret: Hashable, Codable, Sendable {
        /// As in ``Fleet/SecretPurpose``: `admin-password`, `account:NAME`.
        package var purpose: String
        package var value: String
    }

    /// What is sealed: the record as one line of JSON, then a line for each secret: its purpose, a space, its hex digits.
    ///
    /// Written byte by byte, because a JSON encoder would leave the secrets in memory that nobody zeroes.
    package static func plain(
        _ record: DeviceRecord?, _ secrets: [(purpose: SecretPurpose, secret: Secret)]
    ) throws(Failure) -> Secret {
        let head = Array(try encoded(record).utf8)
        let size = secrets.reduce(head.count + 1) { size, kept in
            size + kept.purpose.rawValue.utf8.count + 2 + kept.secret.reveal { $0.count * 2 }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes += head + [0x0A]
        for kept in secrets {
            bytes += Array(kept.purpose.rawValue.utf8) + [0x20]
            kept.secret.reveal { secret in
                for byte in secret { bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
            }
            bytes.append(0x0A)
        }
        return Secret(bytes)
    }

    /// - Throws: ``Failure`` with ``Failure/Code/vaultDamaged``.
    init(plain: [UInt8]) throws(Failure) {
        let lines = plain.split(separator: 0x0A)
        guard let head = lines.first else { throw Failure(.vaultDamaged, "the export opens and is empty") }
        do { record = try JSONDecoder().decode(DeviceRecord?.self, from: Data(head)) } catch {
            throw Failure(.vaultDamaged, "the export opens, but this version cannot read it: \(error)")
        }
        secrets = []
        for line in lines.dropFirst() {
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 2, let value = bytes(hexadecimal: words[1]) else {
                throw Failure(.vaultDamaged, "the export opens, but a line of it is not of this version")
            }
            secrets.append(KeptSecret(purpose: words[0], value: String(decoding: value, as: UTF8.self)))
        }
    }
}

private let digits = Array("0123456789abcdef".utf8)

/// One export as it lies in its file: what it is for in clear, the rest sealed.
package struct SealedRecovery: Hashable, Codable, Sendable {
    package var machine: MachineID
    /// Seconds since 1970.
    package var made: Double
    /// The step that was about to begin.
    package var before: String
    package var job: Int64
    /// The key that opens it, hexadecimal.
    package var key: String
    /// Base64.
    package var sealed: String

    /// Everything in clear is part of what the seal covers.
    private static func context(_ machine: MachineID, _ made: Double, _ before: String, _ job: Int64) -> String {
        "recovery/1/\(machine.text)/\(made)/\(before)/\(job)"
    }

    /// Seals `plain`, which ``RecoveryExport/plain(_:_:)`` made.
    package init(
        _ plain: Secret, of machine: MachineID, made: Double, before: String, job: Int64, with ring: KeyRing
    ) throws(Failure) {
        (self.machine, self.made, self.before, self.job) = (machine, made, before, job)
        key = ring.current.identifier.hexadecimal
        let bytes = try ring.seal(plain, for: Self.context(machine, made, before, job))
        sealed = Data(bytes).base64EncodedString()
    }

    /// The same export under the ring's current key.
    package func sealedAnew(with ring: KeyRing) throws(Failure) -> SealedRecovery {
        try SealedRecovery(try plain(with: ring), of: machine, made: made, before: before, job: job, with: ring)
    }

    /// - Throws: ``Failure`` with ``Failure/Code/vaultKeyWrong`` or ``Failure/Code/vaultDamaged``.
    package func open(with ring: KeyRing) throws(Failure) -> RecoveryExport {
        let plain = try plain(with: ring)
        return try plain.reveal { (bytes: [UInt8]) throws(Failure) in try RecoveryExport(plain: bytes) }
    }

    private func plain(with ring: KeyRing) throws(Failure) -> Secret {
        guard let sealed = Data(base64Encoded: sealed) else {
            throw Failure(.vaultDamaged, "the export of \(machine) is damaged", hint: "Take another copy of it.")
        }
        return try ring.open(Array(sealed), for: Self.context(machine, made, before, job))
    }

    /// Reads an export's file.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/vaultDamaged``.
    package init(file: String) throws(Failure) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure(
                .vaultDamaged, "cannot read \(file)", hint: "`namesake-server recovery list` names the files.")
        }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw Failure(
                .vaultDamaged, "\(file) is no recovery export, or a damaged one", hint: "Take another copy of it.")
        }
    }
}

/// A folder with the latest recovery export of each machine, which is read without the store.
///
/// Disk work is done on a queue of its own, that of several machines at once: they wait for the same disk together.
package struct RecoveryShelf: Sendable {
    package let folder: String
    private static let queue = DispatchQueue(label: "recovery", attributes: .concurrent)

    package init(folder: String) { self.folder = folder }

    package func path(of machine: MachineID) -> String { "\(folder)/\(machine.text).recovery" }

    /// Keeps the export in the place of the machine's former one; durable when it returns.
    ///
    /// - Throws: ``Failure`` with ``Failure/Code/recoveryUnwritable``, which waits; the former one is then still there.
    package func keep(_ recovery: SealedRecovery) async throws(Failure) {
        let (bytes, path, folder) = (Array(try encoded(recovery).utf8), path(of: recovery.machine), folder)
        let problem = await withCheckedContinuation { (ended: CheckedContinuation<Failure?, Never>) in
            Self.queue.async {
                do throws(Failure) {
                    if mkdir(folder, 0o700) != 0, errno != EEXIST { throw unwritable(folder) }
                    try replaceFile(path, bytes)
                    ended.resume(returning: nil)
                } catch {
                    var failure = error
                    failure.hint =
                        "Make room for it, or give the server its folder back; the step that waits for it was not begun."
                    ended.resume(returning: failure)
                }
            }
        }
        if let problem { throw problem }
    }

    /// Every export, by machine.
    package func all() throws(Failure) -> [SealedRecovery] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var found: [SealedRecovery] = []
        for name in names.sorted() where name.hasSuffix(".recovery") {
            found.append(try SealedRecovery(file: "\(folder)/\(name)"))
        }
        return found
    }
}

private func unwritable(_ path: String) -> Failure {
    Failure(
        .recoveryUnwritable, "cannot write \(path): \(String(cString: strerror(errno)))",
        hint: "Make room for it, or let its folder be written; what was there is there still.", remedy: .wait)
}

/// Writes a file in the place of another, mode 0600: after a crash one of the two is there, whole.
package func replaceFile(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    let temporary = "\(path).\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw unwritable(temporary) }
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        written += count
    }
    let isDurable = written == bytes.count && fsync(descriptor) == 0
    let failure = isDurable ? nil : unwritable(temporary)
    close(descriptor)
    if let failure {
        unlink(temporary)
        throw failure
    }
    guard rename(temporary, path) == 0 else { throw unwritable(path) }
    let parent = (path as NSString).deletingLastPathComponent
    let folder = open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw unwritable(path) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw unwritable(path) }
}

extension FirmwareContext {
    /// Keeps the machine's recovery export before a step that cannot be taken back.
    ///
    /// - Throws: ``Failure`` that waits when it cannot be written: the step must not begin then.
    func keepRecovery(before step: StepName) async throws(Failure) {
        guard let shelf = workshop.recovery else { return }
        let record = try await store.device(machine)
        var secrets = try await vault.secrets(of: machine)
        // A firmware that is unprovisioned in part opens to nothing else.
        if let pid = record?.preSharedKey {
            secrets.append((.preSharedKey(pid), try await vault.preSharedKey(pid).pps))
        }
        let plain = try RecoveryExport.plain(record, secrets)
        try await shelf.keep(
            try SealedRecovery(
                plain, of: machine, made: now, before: step.rawValue, job: job.id.number, with: vault.ring))
    }
}
