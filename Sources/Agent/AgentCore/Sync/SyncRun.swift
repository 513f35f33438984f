package import Vocabulary
package import Wire

/// How fast `sync` asks and how long it goes on.
package struct SyncPace: Sendable {
    /// From the beginning of one question about the job to the beginning of the next; a server may hold its answer longer.
    package var poll: Duration = .milliseconds(500)
    /// Before the same is tried again.
    package var pause: Duration = .milliseconds(500)
    package var timeout: Duration = .seconds(300)
    /// Before the next report while the firmware is being provisioned, which takes minutes.
    package var provisioning: Duration = .seconds(5)

    package init() {}
}

/// What there is to tell while `sync` runs.
package enum SyncNews: Hashable, Sendable {
    case progress(JobProgress)
    case setback(Failure)
    case wroteEcho
    case restored
    /// The firmware's set-up interface is open.
    case started
    /// The firmware has signed the server's nonce, or has not.
    case provedBoard(problem: String?)
    /// Nothing but time has passed.
    case tick
}

/// Shows the course of a ``SyncRun``.
package protocol SyncDisplay {
    mutating func show(_ news: SyncNews)
}

/// Carries out what ``SyncMachine`` decides.
package struct SyncRun<Connection: ServerConnection, Firmware: FirmwarePort>: Sendable {
    package var connection: Connection
    package var firmware: Firmware
    package var report: Report
    /// `nil` where no directory for it could be had.
    package var marker: RestoreMarker?
    package var pace: SyncPace

    package init(
        connection: Connection, firmware: Firmware, report: Report, marker: RestoreMarker?, pace: SyncPace = .init()
    ) {
        self.connection = connection
        self.firmware = firmware
        self.report = report
        self.marker = marker
        self.pace = pace
    }

    private enum Happening: Sendable {
        case result(of: Int, SyncMachine.Event)
        case cut(SyncMachine.Event)
        case tick
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - interruptions: Numbers of signals that ask to end.
    ///   - display: Told of all that happens.
    /// - Returns: How it ended, with the true name in the firmware unless the outcome says otherwise.
    package func run(interruptions: AsyncStream<Int32>, display: inout some SyncDisplay) async -> SyncOutcome {
        var machine = SyncMachine(trueName: report.osName, restoringDue: marker?.isDue == true)
        let (happenings, inbox) = AsyncStream.makeStream(of: Happening.self)
        return await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { for await signal in interruptions { inbox.yield(.cut(.interrupted(signal: signal))) } }
            group.addTask { [pace] in
                guard (try? await Task.sleep(for: pace.timeout)) != nil else { return }  // cancelled: the run has ended
                inbox.yield(.cut(.timedOut))
            }
            group.addTask { while (try? await Task.sleep(for: .milliseconds(500))) != nil { inbox.yield(.tick) } }
            var number = 0
            var lastPoll: ContinuousClock.Instant?
            var step = machine.start()
            var underWay = step.action
            var provisioning = false
            launch()
            for await happening in happenings {
                switch happening {
                case .tick:
                    display.show(.tick)
                    continue
                case .cut(let event): step = machine.handle(event)
                case .result(let of, let event):
                    // An answer that was no longer waited for says nothing about what is under way now.
                    guard of == number else { continue }
                    tell(event, after: underWay, &display)
                    if case .directed(let directive) = event { provisioning = directive.verdict == .provisioning }
                    step = machine.handle(event)
                }
                if case .finish(let outcome) = step.action { return outcome }
                if step.action != .wait { launch() }
            }
            return SyncOutcome(ending: .interrupted(signal: 0), trueName: report.osName)

            func launch() {
                number += 1
                underWay = step.action
                var delay = step.afterPause ? pace.pause : .zero
                if step.afterPause, step.action == .sendReport, provisioning { delay = pace.provisioning }
                if case .poll = step.action {
                    delay = max(delay, lastPoll.map { $0 + pace.poll - .now } ?? .zero)
                    lastPoll = .now + delay
                }
                group.addTask { [number, action = step.action, delay] in
                    if delay > .zero { try? await Task.sleep(for: delay) }  // cancelled: what follows ends at once too
                    inbox.yield(.result(of: number, await perform(action)))
                }
            }
        }
    }

    private func tell(_ event: SyncMachine.Event, after action: SyncMachine.Action, _ display: inout some SyncDisplay) {
        switch (event, action) {
        case (.progressed(let progress), _): display.show(.progress(progress))
        case (.serverFailed(let failure), _), (.writeFailed(let failure), _): display.show(.setback(failure))
        case (.wrote, .writeEcho): display.show(.wroteEcho)
        case (.wrote, _): display.show(.restored)
        case (.started, _): display.show(.started)
        case (.proved(let proof), _): display.show(.provedBoard(problem: proof.problem))
        default: break
        }
    }

    private func perform(_ action: SyncMachine.Action) async -> SyncMachine.Event {
        switch action {
        case .writeEcho(let name):
            do throws(Failure) {
                try marker?.set()
                try await firmware.write(hostName: name)
                return .wrote
            } catch { return .writeFailed(error) }
        case .writeTrueName:
            do throws(Failure) {
                try await firmware.write(hostName: report.osName)
                try marker?.clear()
                return .wrote
            } catch { return .writeFailed(error) }
        case .startConfiguration(let order):
            do throws(Failure) {
                try await firmware.startConfiguration(order)
                return .started
            } catch { return .startFailed(error) }
        case .proveBoard(let nonce): return .proved(await firmware.prove(nonce: nonce))
        case .readFirmware:
            do throws(Failure) { return .firmwareRead(.success(try await firmware.read())) } catch {
                return .firmwareRead(.failure(error))
            }
        default:
            do throws(Failure) { return try await ask(action) } catch { return .serverFailed(error) }
        }
    }

    private func ask(_ action: SyncMachine.Action) async throws(Failure) -> SyncMachine.Event {
        switch action {
        case .announceWritten(let job): try await connection.announce(Wire.echoWrittenPath(job))
        case .announceRestored(let job): try await connection.announce(Wire.echoRestoredPath(job))
        case .tellProof(let proof, let job): try await connection.tell(proof, about: job)
        case .poll(let job): return .progressed(try await connection.progress(of: job))
        default: return .directed(try await connection.report(try await freshReport()))
        }
        return .announced
    }

    /// What is true now: a firmware that is being provisioned is another one from report to report.
    private func freshReport() async throws(Failure) -> Report {
        guard report.offersStartConfiguration == true else { return report }
        let facts = try await firmware.read()
        var fresh = report
        (fresh.firmwareName, fresh.provisioningState) = (facts.nameText, facts.provisioningState)
        fresh.controlMode = facts.controlMode
        return fresh
    }
}
