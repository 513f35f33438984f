import AMTHI
import Glibc
package import Vocabulary
package import Wire

/// What `sync` does with the firmware: one thing it writes, and reading.
///
/// The device in the product, values in tests.
package protocol FirmwarePort: Sendable {
    /// Tells the firmware a name as the operating system's.
    ///
    /// - Throws: A failure after which the name may have arrived all the same.
    func write(hostName: Hostname) async throws(Failure)
    func read() async throws(Failure) -> FirmwareFacts
    /// Lets the firmware sign the server's nonce, base64 of 20 bytes.
    ///
    /// - Returns: The signature, or why there is none: that is for the server to judge.
    func prove(nonce: String) async -> BoardProof
    /// Lets the firmware ask for its provisioning; nothing where it already does.
    func startConfiguration(_ order: StartOrder) async throws(Failure)
}

/// The firmware of this machine; opens the device anew for every use, so that others get their turn.
package struct DevicePort: FirmwarePort {
    package var address: DeviceAddress
    package var patience: DevicePatience
    package var system: MEISystem
    /// What speaks WS-Man with the firmware.
    package var localProgram: LocalProgram?

    package init(
        address: DeviceAddress, patience: DevicePatience, system: MEISystem = .init(), localProgram: LocalProgram? = nil
    ) {
        self.address = address
        self.patience = patience
        self.system = system
        self.localProgram = localProgram
    }

    package func write(hostName: Hostname) async throws(Failure) {
        guard let command = SetHostFQDN(name: hostName.text) else {
            throw Failure(.nameInvalid, "the name \(hostName) does not fit the host interface", remedy: .giveUp)
        }
        try await onOwnThread { [address, patience, system] () throws(HostInterfaceFault) in
            var device = try MEIDevice(address, patience: patience, system: system)
            try device.perform(command)
        }
    }

    package func read() async throws(Failure) -> FirmwareFacts {
        try await onOwnThread { [address, patience, system] () throws(HostInterfaceFault) in
            var device = try MEIDevice(address, patience: patience, system: system)
            return try FirmwareFacts.read(.namesAndMachine, from: &device)
        }
    }
}

extension DevicePort {
    /// StartConfigurationEx, after the one-time password where there is one; StartConfiguration on firmware before AMT 6.0.
    ///
    /// - Throws: A failure for firmware that is past provisioning: nothing is to be started there, and nothing was.
    package func startConfiguration(_ order: StartOrder) async throws(Failure) {
        var password: SetProvisioningServerOTP?
        if let otp = order.otp {
            password = SetProvisioningServerOTP(Secret(otp))
            guard password != nil else {
                throw Failure(
                    .serverAnswerUnreadable, "the server's one-time password has not 8 to 32 characters",
                    hint: "Agent and server are of versions that do not fit: update the older one.")
            }
        }
        let state = try await onOwnThread { [address, patience, system, password] () throws(HostInterfaceFault) in
            var device = try MEIDevice(address, patience: patience, system: system)
            let state = try device.perform(GetProvisioningState())
            guard state == .pre else { return state }
            if let password { try device.perform(password) }
            do throws(HostInterfaceFault) { try device.perform(StartConfigurationEx(ipv6: order.ipv6)) } catch {
                guard case .refused(_, let status) = error else { throw error }
                if [.invalidCommand, .unsupported].contains(status) {
                    try device.perform(StartConfiguration())
                } else if !preparing.contains(status) {
                    throw error
                }
            }
            return state
        }
        guard state == .pre || state == .in else {
            throw Failure(
                .firmwareStateUnexpected, "the firmware is already provisioned; its set-up interface was not opened",
                hint: "Run sync without --start-configuration.")
        }
    }
}

/// The firmware makes itself ready and goes on by itself; tools take it for success (Intel SDK, `StartConfiguration`).
private let preparing: [PTStatus] = [.notReady, PTStatus(rawValue: 0x30), PTStatus(rawValue: 0x31)]

/// Runs what blocks on a thread made for it, so that the threads that all tasks share never wait for a device.
func onOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws(HostInterfaceFault) -> Value
) async throws(Failure) -> Value {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
        let errand = Errand {
            continuation.resume(
                returning: Result { () throws(HostInterfaceFault) in try work() }.mapError { Failure($0) })
        }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(errand)
        let outcome = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Errand>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if outcome == 0 {
            pthread_detach(thread)
        } else {
            context.release()
            continuation.resume(returning: .failure(Failure(.deviceFailed, "no thread can be made (error \(outcome))")))
        }
    }
    return try result.get()
}

/// Work on its way to a thread.
private final class Errand: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
