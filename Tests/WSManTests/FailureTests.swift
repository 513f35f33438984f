import Testing
import Vocabulary
import WSMan

@Suite("A WS-Management fault as a failure")
struct FailureTests {
    static func refused(_ word: UInt32, by method: String = "AMT_Sample.Shake") -> WSManFault {
        .refused(Refusal(method: method, word: word, meaning: PTStatus.names[word]))
    }

    static let every: [(fault: WSManFault, code: String, remedy: Failure.Remedy)] = [
        (.unreachable("connection reset"), "wsman.firmware-unreachable", .wait),
        (.notSent("connection refused"), "wsman.firmware-unreachable", .wait),
        (.unsendable("First holds a control character"), "wsman.request-unsendable", .askOperator),
        (.peerNotTrusted("the pin differs"), "wsman.peer-not-trusted", .askOperator),
        (.authenticationRefused, "wsman.authentication-refused", .askOperator),
        (.fault(subcode: "AlreadyExists", reason: "there", detail: nil), "wsman.fault", .askOperator),
        (.fault(subcode: "QuotaLimit", reason: "busy", detail: nil), "wsman.fault", .wait),
        (.fault(subcode: "InternalError", reason: "x", detail: "AMT-STATUS 2082"), "wsman.fault", .wait),
        (.fault(subcode: "InternalError", reason: "x", detail: nil), "wsman.fault", .wait),
        (.fault(subcode: "InternalError", reason: "x", detail: "AMT-STATUS 38"), "wsman.fault", .askOperator),
        (.unreadable("no envelope"), "wsman.answer-unreadable", .wait),
        (refused(16), "wsman.refused", .askOperator),
        (refused(2082), "wsman.refused", .wait),
        // In a class that numbers its own answers the same word means something else.
        (refused(2082, by: "IPS_HostBasedSetupService.Setup"), "wsman.refused", .askOperator),
    ]

    @Test("has its code, its remedy, a hint, and says what happened", arguments: every)
    func table(fault: WSManFault, code: String, remedy: Failure.Remedy) {
        let failure = Failure(fault)
        #expect(failure.code.rawValue == code)
        #expect(failure.remedy == remedy)
        #expect(failure.message == "\(fault)")
        #expect(failure.hint?.isEmpty == false)
    }

    @Test("knows the status word in a refusal and in a fault's detail")
    func status() {
        #expect(Self.refused(2057).status == .dataMissing)
        #expect(Self.refused(2, by: "IPS_HostBasedSetupService.Setup").status == nil)
        func detail(_ text: String?) -> WSManFault { .fault(subcode: "InternalError", reason: "x", detail: text) }
        #expect(detail("AMT-STATUS 2057").status == .dataMissing)
        #expect(detail("see AMT-STATUS: 36.").status == .invalidParameter)
        #expect(detail("AMT-STATUS").status == nil)
        #expect(detail("AMT-STATUS 99999999999").status == nil)
        #expect(detail("something else 2057").status == nil)
        #expect(detail(nil).status == nil)
        #expect(WSManFault.unreachable("AMT-STATUS 36").status == nil)
    }

    @Test("names method, word and meaning of a refusal, and says when the meaning is unknown")
    func refusal() {
        #expect("\(Self.refused(2057))" == "AMT_Sample.Shake was refused with 2057: DATA_MISSING")
        #expect("\(Self.refused(4711))".contains("does not list"))
        #expect(Failure(Self.refused(2057)).hint?.contains("commit") == true)
    }
}
