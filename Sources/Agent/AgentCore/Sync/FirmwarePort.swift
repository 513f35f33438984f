import AMTHI
import Glibc
package import Vocabulary

/// What `sync` does with the firmware: one thing it writes, and reading.
///
/// The device in the product, values in tests.
package protocol FirmwarePort: Sendable {
    /// Tells the firmware a name as the operating system's.
    ///
    /// - Throws: A failure after which the name may have arrived all the same.
    func write(hostName: Hostname) async throws(Failure)
    func read() async throws(Failure) -> FirmwareFacts
}

/// The firmware of this machine; opens the device anew for every use, so that others get their turn.
package struct DevicePort: FirmwarePort {
    package var address: DeviceAddress
    package var patience: DevicePatience

    package init(address: DeviceAddress, patience: DevicePatience) {
        self.address = address
        self.patience = patience
    }

    package func write(hostName: Hostname) async throws(Failure) {
        guard let command = SetHostFQDN(name: hostName.text) else {
            throw Failure(.nameInvalid, "the name \(hostName) does not fit the host interface", remedy: .giveUp)
        }
        try await onOwnThread { [address, patience] () throws(HostInterfaceFault) in
            var device = try MEIDevice(address, patience: patience)
            try device.perform(command)
        }
    }

    package func read() async throws(Failure) -> FirmwareFacts {
        try await onOwnThread { [address, patience] () throws(HostInterfaceFault) in
            var device = try MEIDevice(address, patience: patience)
            return try FirmwareFacts.read(.namesAndMachine, from: &device)
        }
    }
}

/// Runs what blocks on a thread made for it, so that the threads that all tasks share never wait for a device.
private func onOwnThread<Value: Sendable>(
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
