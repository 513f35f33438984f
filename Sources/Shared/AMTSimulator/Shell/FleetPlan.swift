import Foundation

/// What the devices of a fleet have in common, and what sets them apart: number, address, UUID, seed.
package struct FleetPlan: Sendable {
    /// Everything that is the same; its address is the first device's, its UUID is not used.
    package var common: SimulationPlan
    package var count: Int

    package init(_ common: SimulationPlan, count: Int) {
        self.common = common
        self.count = count
    }

    /// The same seed gives the same UUIDs, realms and nonces in the same order; RSA pairs differ from run to run.
    func devices(
        say: @escaping @Sendable (String) -> Void
    ) throws -> [(host: FirmwareHost, address: String)] {
        let addresses = try addresses()
        let roots = try Simulation.rootHashes(common.trustedRoots, common.personality)
        let keys = KeyPool(size: min(count, 32))
        let log = try common.requestLog.map { try RequestLog(path: $0) }
        let clock: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        let folder = try common.stateFolder.map { try StateFolder($0, say: say) }
        var random = SeededRandom(seed: common.seed)
        return try addresses.enumerated().map { number, address in
            let uuid = Self.uuid(&random)
            let seed = random.next()
            var firmware = SimulatedFirmware(
                personality: common.personality, uuid: uuid, dnsSuffix: common.dnsSuffix, trustedRoots: roots,
                seed: seed, now: clock())
            firmware.trustedSuffix = common.trustedSuffix
            if let family = common.onDieFamily { firmware.onDie.family = family }
            firmware.ipv4 = .init(device: address)
            try folder?.restore(&firmware)
            if let password = common.adminPassword {
                firmware.beginProvisioned(password: password, hostName: "pc\(number + 1)")
            }
            let identity = OwnIdentity {
                try SelfSigned(
                    uuid: uuid.hexadecimal, now: clock(), key: keys.shared(number),
                    kind: common.personality.ownCertificate)
            }
            let host = FirmwareHost(firmware, identity: identity, keys: keys, log: log, clock: clock)
            if common.isSlow { host.with { $0.latency = Latency(seed: seed) } }
            folder?.keep(host)
            return (host, address)
        }
    }

    /// One address after the other from the first, those that end in 0 or 255 left out.
    private func addresses() throws -> [String] {
        let numbers = common.address.split(separator: ".").compactMap { UInt32($0) }
        guard numbers.count == 4, numbers[0] == 127, numbers.allSatisfy({ $0 < 256 }) else {
            throw SimulationFault(
                "a fleet lives on the loopback interface: --address \(common.address) is not in 127.0.0.0/8",
                exitCode: 64)
        }
        var next = numbers.reduce(0) { $0 << 8 | $1 }
        var addresses: [String] = []
        addresses.reserveCapacity(count)
        while addresses.count < count {
            guard next >> 24 == 127 else {
                throw SimulationFault(
                    "127.0.0.0/8 has too few addresses for \(count) devices from \(common.address) on", exitCode: 64)
            }
            if ![0, 255].contains(next & 0xFF) {
                addresses.append("127.\(next >> 16 & 0xFF).\(next >> 8 & 0xFF).\(next & 0xFF)")
            }
            next += 1
        }
        return addresses
    }

    /// A random one, version 4, in SMBIOS byte order.
    private static func uuid(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = random.bytes(16)
        bytes[7] = bytes[7] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }
}

extension SimulatedFirmware.Addresses {
    /// A device's address, with the first one of its /24 as gateway.
    init(device address: String) {
        let net = address.split(separator: ".").dropLast().map(String.init)
        self.init(address: address, gateway: (net + ["1"]).joined(separator: "."))
    }
}
