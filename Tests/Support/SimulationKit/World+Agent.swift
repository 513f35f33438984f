import Fleet
import Provisioning
import Vocabulary
import Wire

extension World {
    /// One turn of a machine's agent: the same requests in the same order as the real one makes.
    func agent(_ place: Int) async {
        let (device, name) = with { ($0.devices[place], $0.devices[place].osName.flatMap { try? Hostname($0) }) }
        guard let machine = MachineID(smbios: device.uuid), let name else { return }
        switch device.agent {
        case .idle: return
        case .wantsSync: await report(place, machine, name, device)
        case .follows(let job, let restored): await follow(place, job, restored, name)
        }
    }

    private func report(_ place: Int, _ machine: MachineID, _ name: Hostname, _ device: SimulatedDevice) async {
        let report = Report(
            agentVersion: "simulation", machine: machine, osName: name, osNameRule: "--name", firmwareName: device.name,
            provisioningState: device.isProvisioned ? .post : .in, controlMode: .admin)
        do throws(Failure) {
            let directive = try await serverCore.take(report, from: device.address)
            switch directive.verdict {
            case .inSync:
                with { state in
                    state.devices[place].agent = .idle
                    state.devices[place].synced = name.text
                }
            case .held, .provisioning: with { $0.schedule(.agent(place), in: 300) }
            case .follow:
                guard let job = directive.job else { return }
                if let echo = directive.echo, !echo.seen {
                    with { $0.devices[place].hostOSFQDN = echo.name.text }
                    _ = try await serverCore.echoWritten(job)
                }
                with { state in
                    state.devices[place].agent = .follows(job: job, restored: false)
                    state.schedule(.agent(place), in: 0.2)
                }
            }
        } catch {
            with { state in
                state.note("is refused: \(error.message)", of: place)
                state.schedule(.agent(place), in: 30)
            }
        }
    }

    private func follow(_ place: Int, _ job: String, _ restored: Bool, _ name: Hostname) async {
        var restored = restored
        do throws(Failure) {
            guard let progress = try await serverCore.progress(of: job) else { return }
            if !restored, progress.state.isFinal || progress.echo?.seen == true {
                with { $0.devices[place].hostOSFQDN = name.text }
                _ = try await serverCore.echoRestored(job)
                restored = true
            }
            let isOver = progress.state.isFinal
            with { [restored] state in
                state.devices[place].agent = isOver ? .wantsSync : .follows(job: job, restored: restored)
                state.schedule(.agent(place), in: progress.state == .failed ? 60 : 0.5)
            }
        } catch {
            with { $0.schedule(.agent(place), in: 5) }
        }
    }
}
