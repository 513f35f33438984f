package import Fleet
import Jobs
package import Vocabulary

/// What the server itself does when a machine comes into a collection.
package enum CollectionAction: String, Codable, Sendable {
    case bootNetwork = "boot-pxe"
}

/// A collection with its rule and its machines, for people.
package struct CollectionPage: Codable, Sendable {
    package var name: Collection
    package var rule: String
    package var machines: [DeviceRecord]
}

extension ServerCore {
    /// Does what the configuration wants for machines that came into a collection, in the order of their coming.
    ///
    /// A machine that has left the collection since is left alone.
    package func act(_ actions: [Collection: CollectionAction], on log: any MembershipLog) async throws(Failure) {
        while true {
            var state = try await log.reader("actions")
            guard let change = try await log.changes(after: state.taken, limit: 1).first else { return }
            if let to = change.to, actions[to] == .bootNetwork,
                try await store.device(change.machine)?.collection == to,
                try await unfinishedJob(of: change.machine) == nil
            {
                _ = try await beginUpkeep(.bootNetwork, of: change.machine)
            }
            state.taken = change.sequence
            try await log.keep(state)
        }
    }

    /// Verbs: `collections`, `collections NAME`.
    func collections(_ words: [String]) async throws(Failure) -> [UInt8] {
        let wanted = words.joined(separator: "/").split(separator: "-").joined(separator: " ")
        if !wanted.isEmpty, Collection(rawValue: wanted) == nil {
            throw Failure(
                .serverRefused, "there is no collection '\(wanted.prefix(40))'",
                hint: "There are: \(Collection.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let records = try await store.devices()
        let pages = Collection.allCases.reversed().filter { wanted.isEmpty || $0.rawValue == wanted }.map {
            collection in
            CollectionPage(
                name: collection, rule: collection.rule, machines: records.filter { $0.collection == collection })
        }
        return Array(try encoded(pages).utf8)
    }

    /// Takes what an agent found on a machine's disks.
    ///
    /// - Throws: ``Failure`` for a machine without a record.
    package func take(disks: PriorInstall, of machine: MachineID) async throws(Failure) {
        let now = clock()
        let record = try await store.change(machine) { (record: inout DeviceRecord?) in
            record?.disks = disks
            record?.inspectedAt = now
        }
        guard record != nil else { throw Self.unknown(machine) }
        ring()
    }

    /// Notes that a build has begun, when the machine is ready for one.
    func noteBuild(of machine: MachineID) async throws(Failure) {
        let now = clock()
        _ = try await store.change(machine) { (record: inout DeviceRecord?) in
            if record?.collection == .readyToBuild { record?.buildBegan = now }
        }
        ring()
    }
}
