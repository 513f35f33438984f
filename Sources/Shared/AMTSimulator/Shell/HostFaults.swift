/// What shall go wrong on the host's side.
struct HostFaults: Sendable {
    /// How many more connects are refused with EBUSY.
    var busy = 0
    /// How many more messages get no answer.
    var silent = 0
    /// How many more get an answer without a byte, as from an AMT that is switched off.
    var empty = 0
    /// How many more commands of the host interface end with this status.
    var status: (times: Int, value: UInt32) = (0, 0)
    /// How many more answers come so many seconds late.
    var late: (times: Int, seconds: Double) = (0, 0)
    /// Until when, in seconds since 1970, the engine resets and cannot be opened.
    var resetEnds = 0.0

    enum Fate: Sendable {
        case answered
        case silent
        case empty
        case status(UInt32)
        case late(Double)
    }

    /// What becomes of the next message.
    mutating func next(_ client: HostClient) -> Fate {
        if silent > 0 {
            silent -= 1
            return .silent
        }
        if empty > 0 {
            empty -= 1
            return .empty
        }
        if status.times > 0, client == .hostInterface {
            status.times -= 1
            return .status(status.value)
        }
        if late.times > 0 {
            late.times -= 1
            return .late(late.seconds)
        }
        return .answered
    }
}
