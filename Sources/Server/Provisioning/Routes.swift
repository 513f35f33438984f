import Fleet
package import Jobs
package import Vocabulary

/// By which road a managed firmware gets another name.
package struct Routes: Sendable {
    /// What the operator prefers.
    package enum Policy: String, Codable, Sendable {
        /// In place; by partial unprovisioning where the firmware refuses that and is still as it was.
        case auto
        case inPlace = "in-place"
        /// Partial unprovisioning wherever its preconditions hold.
        case partial
    }

    package var policy: Policy
    private let chain: ProvisioningChain
    private let domain: Hostname?

    /// `domain` is what DHCP option 15 gives where the machines are; `nil` when that is not known.
    package init(_ policy: Policy, chain: ProvisioningChain, domain: Hostname? = nil) {
        self.policy = policy
        self.chain = chain
        self.domain = domain
    }

    /// Chooses, and says why.
    func choose(for record: DeviceRecord, now: Double) -> (kind: JobKind, why: String) {
        switch policy {
        case .auto: return (.rename, "the store holds a working account")
        case .inPlace: return (.rename, "the policy is in place")
        case .partial:
            guard let obstacle = obstacle(record, now: now) else { return (.reprovision, "the policy is partial") }
            return (.rename, "the policy is partial, which would not be safe: \(obstacle.message)")
        }
    }

    /// What speaks against partial unprovisioning, as far as the record tells.
    func obstacle(_ record: DeviceRecord, now: Double) -> Failure? {
        ReprovisionableStep.obstacle(record, chain, domain, now: now)
    }
}

/// What a job that a person asks for would be, or is.
package struct RoutePlan: Codable, Sendable {
    package var machine: MachineID
    package var kind: JobKind
    package var name: Hostname
    package var steps: [String]
    /// What speaks against it; nothing is begun then.
    package var obstacle: Failure?
    /// The job that was begun; `nil` in a dry run.
    package var job: JobID?
}

extension ServerCore {
    /// Plans a job that a person at the server asks for, and begins it unless it is a dry run.
    ///
    /// - Parameters:
    ///   - kind: A kind for managed firmware.
    ///   - machine: Whose firmware.
    ///   - name: What the firmware shall be called; the record's name when `nil`.
    ///   - full: For unprovisioning: to the factory's state.
    ///   - dryRun: Whether to plan only.
    /// - Returns: The plan, with its job when one was begun.
    /// - Throws: ``Failure``: what speaks against it, unless it is a dry run.
    package func begin(
        _ kind: JobKind, of machine: MachineID, name: Hostname? = nil, full: Bool = false, dryRun: Bool
    ) async throws(Failure) -> RoutePlan {
        guard let record = try await store.device(machine) else { throw Self.unknown(machine) }
        var plan = RoutePlan(
            machine: machine, kind: kind, name: name ?? record.name,
            steps: JobKinds.steps(of: kind).map(\.rawValue))
        do throws(Failure) { try await check(plan, record) } catch {
            guard dryRun else { throw error }
            plan.obstacle = error
        }
        if dryRun { return plan }
        let parameters =
            kind == .unprovision
            ? try encoded(UnprovisionParameters(full: full))
            : try encoded(RenameParameters(claim: plan.name, echo: nil, why: "a person at the server wants it"))
        let now = clock()
        plan.job = try await store.enqueue(kind, for: machine, parameters: parameters, now: now, due: now).id
        ring()
        return plan
    }

    private func check(_ plan: RoutePlan, _ record: DeviceRecord) async throws(Failure) {
        try Self.requireUse(of: record)
        guard record.firmware != nil else {
            throw Failure(
                .firmwareStateUnexpected, "\(plan.machine) is \(record.stage.rawValue), not provisioned by this server",
                hint: "`namesake-server devices retry \(plan.machine)` provisions a machine that is held.")
        }
        if let running = try await unfinishedJob(of: plan.machine) {
            throw Failure(
                .jobUnderWay, "job \(running.id) (\(running.kind.rawValue)) of this machine is under way",
                hint: "`namesake-server jobs show \(running.id)` shows how far it is.")
        }
        if plan.kind != .unprovision {
            try policy.check(plan.name)
            try await checkFree(plan.name, for: plan.machine)
        }
        if plan.kind == .reprovision, let obstacle = routes.obstacle(record, now: clock()) { throw obstacle }
    }

    /// Goes on by partial unprovisioning where the firmware refused to be renamed in place.
    ///
    /// Only when the claim is proved, nothing was committed, and what partial unprovisioning needs is there.
    func fallBack(from job: JobRecord, after failure: Failure) async throws(Failure) -> JobRecord? {
        guard routes.policy == .auto, job.kind == .rename, [.firmwareRefused, .firmwareFault].contains(failure.code),
            let record = try await store.device(job.machine), routes.obstacle(record, now: clock()) == nil
        else { return nil }
        var isProved = false
        for event in try await store.events(of: job.id) {
            if case .began(CommitStep.name) = event { return nil }
            if case .succeeded(ObserveFirmwareStep.name, _) = event { isProved = true }
        }
        guard isProved, let claim = try job.claim?.claim else { return nil }
        let why = "in place was refused (\(failure.message)); the claim was proved by job \(job.id)"
        let now = clock()
        return try await store.enqueue(
            .reprovision, for: job.machine,
            parameters: try encoded(RenameParameters(claim: claim, echo: nil, why: why)), now: now, due: now)
    }
}
