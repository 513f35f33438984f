package import Vocabulary

/// What follows from a hello: the record it makes or changes, and whether a job is due.
///
/// Pure.
package struct HelloIntake: Sendable {
    package var domain: Hostname

    package init(domain: Hostname) { self.domain = domain }

    package enum Decision: Hashable, Sendable {
        /// A new record, or one that is not provisioned: provision it.
        case provision
        /// Nothing to do; the reason is for the log.
        case leave(String)
    }

    /// Takes a hello into the record.
    ///
    /// - Parameters:
    ///   - hello: The packet.
    ///   - address: Its source.
    ///   - record: Of its machine.
    ///   - temporaryHostname: For a new record.
    ///   - key: What the store knows of the pre-shared key that the hello names, if it names one.
    ///   - isAwaited: Whether a job has begun to take its firmware back: then this is what shows that it did.
    ///   - now: Seconds since 1970.
    /// - Returns: The decision.
    /// - Throws: ``Failure`` with ``Failure/Code/machineIDBogus`` for a UUID that many machines share; no record is made.
    package func take(
        _ hello: HelloPacket, from address: String, into record: inout DeviceRecord?, temporaryHostname: String,
        key: KeptPreSharedKey? = nil, isAwaited: Bool = false, now: Double
    ) throws(Failure) -> Decision {
        guard !hello.machine.isBogus else {
            throw Failure(
                .machineIDBogus,
                "a hello from \(address) carries the UUID \(hello.machine), which many machines share; no record is made",
                hint: "Have the board's maker's tool write a UUID of its own into SMBIOS, then power-cycle the machine."
            )
        }
        var known: DeviceRecord
        if let record {
            known = record
        } else {
            let name: Hostname
            do { name = try Hostname("\(temporaryHostname).\(domain)") } catch {
                throw Failure(.nameInvalid, "no temporary name in domain \(domain): \(error)")
            }
            known = DeviceRecord(
                machine: hello.machine, temporaryHostname: temporaryHostname, name: name, address: address, now: now)
        }
        known.lastHello = now
        known.helloCount += 1
        // A set-up that is under way goes on by the road that it began on, and a provisioned machine keeps the one that
        // it was proved by: anybody can say hello in its name.
        let road = DeviceRecord.Road(
            preSharedKey: hello.pid, rootHashes: hello.rootHashes.map(\.bytes.hexadecimal))
        if known.firmware != nil {
            known.heardRoad = road
        } else if known.stage != .provisioning {
            known.take(road)
        }
        if known.setUpEnds ?? 0 < now { known.setUpEnds = now + SetUpWindow.least }
        note(address, in: &known, now: now)
        var decision = decide(&known, from: address, isAwaited)
        if decision == .provision {
            known.note = obstacle(to: hello.pid, key, of: hello.machine).map(\.description)
            if let note = known.note { decision = .leave(note) }
        }
        record = known
        return decision
    }

    /// How close together two addresses have to take turns to be two machines, in seconds.
    ///
    /// A machine that gets another address by DHCP does not go back to the first one within its first hour of hellos,
    /// which come every few minutes (network reference 2.3).
    package static let turnsWithin = 3600.0

    private func note(_ address: String, in record: inout DeviceRecord, now: Double) {
        var heard = (record.heard ?? []).filter { $0.at > now - Self.turnsWithin }
        if heard.last?.address == address {
            heard[heard.count - 1].at = now
        } else {
            if heard.contains(where: { $0.address == address }) {
                record.twins = Array(Set((record.twins ?? []) + heard.map(\.address))).sorted()
            }
            heard.append(.init(address: address, at: now))
        }
        record.heard = heard.suffix(8)
        if record.stage != .retired { record.holdTwins() }
    }

    /// Why a machine cannot be set up by the pre-shared key that its hello names.
    private func obstacle(to pid: String?, _ key: KeptPreSharedKey?, of machine: MachineID) -> Failure? {
        guard let pid else { return nil }
        guard let key else { return KeptPreSharedKey.unknown(pid) }
        return key.machine.flatMap { $0 == machine ? nil : KeptPreSharedKey.taken(pid, by: $0, not: machine) }
    }

    private func decide(_ record: inout DeviceRecord, from address: String, _ isAwaited: Bool) -> Decision {
        switch record.stage {
        case .held:
            return .leave("held: \(record.note ?? "a person must decide")")
        case .managed where isAwaited, .provisioning:
            if record.address != address { record.movedTo = address }
            return .leave("a job is under way")
        case .managed:
            // A firmware that we provisioned says hello only after it was unprovisioned, or when it is another machine.
            record.stage = .held
            record.note =
                "said hello from \(address) though the record says it is provisioned: unprovisioned, or a twin; "
                + "`devices readmit` provisions it again"
            return .leave(record.note ?? "")
        case .retired:
            return .leave("retired: `namesake-server devices readmit` takes it back into use")
        case .staged:
            record.address = address
            record.movedTo = nil
            return .provision
        }
    }
}
