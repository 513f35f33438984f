package import AMTHI
import Glibc

/// The MEI device, connected to the firmware's host interface.
///
/// Owned: it closes when it goes. It waits for a busy device, opens anew after a reset of the management engine, and gives
/// up in time. System calls block the thread that calls.
package struct MEIDevice: HostInterfaceChannel, ~Copyable {
    /// Where the host interface was found.
    package let address: DeviceAddress
    private let patience: DevicePatience
    /// Gone after a loss or a late answer: what comes late must not be taken for the next command's answer.
    private var link: MEILink?

    /// Opens the device and connects.
    ///
    /// - Parameters:
    ///   - address: Where to look.
    ///   - patience: How long to wait for what.
    ///   - system: Where the kernel tells about its MEI devices.
    /// - Throws: ``HostInterfaceFault``. Of several devices that do not serve, the one that might have is told of.
    package init(
        _ address: DeviceAddress, patience: DevicePatience = .init(), system: MEISystem = .init()
    ) throws(HostInterfaceFault) {
        var worst = HostInterfaceFault.noManagementEngine(device: "\(address)")
        for candidate in address.candidates(system) {
            do throws(HostInterfaceFault) {
                let link = try Self.connect(candidate, patience)
                self.address = candidate
                self.patience = patience
                self.link = consume link
                return
            } catch {
                switch (error, worst) {
                case (.noManagementEngine, _): continue
                case (.noHostInterface(let device), .noManagementEngine),
                    (.noHostInterface(let device), .noHostInterface):
                    if isInRecovery(device, sysfs: system.sysfs + "/class/mei") {
                        worst = .recoveryMode(device: device)
                    } else if isDisabled(candidate, patience) {
                        worst = .amtDisabled
                    } else if case .noManagementEngine = worst {
                        worst = error
                    }
                case (.noHostInterface, _): continue
                case (_, .noManagementEngine), (_, .noHostInterface): worst = error
                default: continue
                }
            }
        }
        throw worst
    }

    package mutating func exchange(_ message: [UInt8], repeatable: Bool) throws(HostInterfaceFault) -> [UInt8] {
        if link == nil { try reopen() }
        do throws(Loss) {
            return try attempt(message)
        } catch {
            link = nil
            guard case .vanished = error.fault, repeatable || !error.arrived else { throw error.fault }
        }
        rest(patience.settle)
        try reopen()
        do throws(Loss) { return try attempt(message) } catch {
            link = nil
            throw error.fault
        }
    }

    /// A fault, and whether the firmware may have the message all the same.
    private struct Loss: Error {
        var fault: HostInterfaceFault
        var arrived: Bool
    }

    private mutating func attempt(_ message: [UInt8]) throws(Loss) -> [UInt8] {
        let start = ContinuousClock.now
        var tries = 1
        while true {
            let outcome = link?.write(message) ?? ENODEV
            if outcome == 0 { break }
            guard outcome == EBUSY || outcome == EAGAIN else {
                throw Loss(fault: fault(writing: outcome), arrived: false)
            }
            guard let pause = patience.pause(afterTry: tries, since: start) else {
                throw Loss(fault: .busy(device: "\(address)", tries: tries), arrived: false)
            }
            rest(pause)
            tries += 1
        }
        do throws(HostInterfaceFault) {
            // The link was there to write to.
            return try link?.read(within: patience.answer) ?? []
        } catch {
            throw Loss(fault: error, arrived: true)
        }
    }

    private func fault(writing errno: CInt) -> HostInterfaceFault {
        switch errno {
        case ENODEV: .vanished(during: "sending a command")
        case ENOTTY: .noHostInterface(device: "\(address)")
        default: .device(errno: errno, during: "sending a command")
        }
    }

    private mutating func reopen() throws(HostInterfaceFault) { link = try Self.connect(address, patience) }

    private static func connect(
        _ address: DeviceAddress, _ patience: DevicePatience
    ) throws(HostInterfaceFault) -> MEILink {
        let start = ContinuousClock.now
        var tries = 1
        while true {
            let reason: CInt
            do throws(MEILink.Refusal) {
                return try MEILink.open(address, answerWithin: patience.answer)
            } catch {
                switch error {
                case .fault(let fault): throw fault
                case .notNow(let errno): reason = errno
                }
            }
            guard let pause = patience.pause(afterTry: tries, since: start) else {
                throw reason == ENODEV
                    ? .vanished(during: "connecting to it at \(address)") : .busy(device: "\(address)", tries: tries)
            }
            rest(pause)
            tries += 1
        }
    }
}
