package import LibXML
import Vocabulary
package import WSMan

extension AMT {
    /// The firmware's clock; one instance.
    package enum TimeSynchronizationService: WSManClass {
        package typealias Instance = ManagedObject
        package static let resource = ResourceClass.amt("TimeSynchronizationService")
        package typealias Get = WSMan.Get<TimeSynchronizationService>
    }
}

extension AMT.TimeSynchronizationService {
    /// Reads the clock: seconds since 1970, UTC.
    package struct GetLowAccuracyTimeSynch: WSManOperation {
        package static let resource = AMT.TimeSynchronizationService.resource
        package static let verb = Verb.invoke("GetLowAccuracyTimeSynch")
        package static let refusals = PTStatus.refusals([1])
        package init() {}

        package static func output(from body: XMLElement?) throws(WSManFault) -> UInt32 {
            try number("Ta0", in: try accepted(body))
        }
    }

    /// Sets the clock.
    package struct SetHighAccuracyTimeSynch: WSManOperation {
        package static let resource = AMT.TimeSynchronizationService.resource
        package static let verb = Verb.invoke("SetHighAccuracyTimeSynch")
        package static let refusals = PTStatus.refusals(
            [1, 36, 38], [36: "the firmware takes no time before 2004"])
        package let firmwareTime: UInt32
        package let received: UInt32
        package let sending: UInt32

        /// Tells the firmware how far its clock is off; every time is in seconds since 1970, UTC.
        ///
        /// - Parameters:
        ///   - firmwareTime: What ``GetLowAccuracyTimeSynch`` gave (Ta0).
        ///   - received: Our time when that answer came (Tm1).
        ///   - sending: Our time just before this is sent (Tm2).
        package init(firmwareTime: UInt32, received: UInt32, sending: UInt32) {
            self.firmwareTime = firmwareTime
            self.received = received
            self.sending = sending
        }

        package var input: [XMLElement] {
            [("Ta0", firmwareTime), ("Tm1", received), ("Tm2", sending)].map { Self.element($0.0, "\($0.1)") }
        }
    }
}
