import AMTHI

/// Takes any bytes as a conversation with the LME client: messages, each behind its length in two bytes.
///
/// Whatever comes, no message is sent that is too long, no more data than the firmware made room for, and all that is sent
/// reads back to itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: start, count: count))[...]
    let longest = 64
    var session = LMESession(longestMessage: longest)
    var (asked, room, sent) = (false, 0, 0)
    while bytes.count >= 2 {
        let length = Int(bytes.removeFirst()) << 8 | Int(bytes.removeFirst())
        let message = Array(bytes.prefix(length))
        bytes = bytes.dropFirst(length)
        if let read = try? APFMessage(message) {
            switch read {
            case .channelOpenConfirmation(LMESession.channelNumber, _, let window): room += Int(window)
            case .windowAdjust(LMESession.channelNumber, let more): room += Int(more)
            default: break
            }
        }
        guard var events = try? session.receive(message) else { return 0 }
        if !asked, !session.ports.isEmpty {
            asked = true
            events += session.open(port: 16992)
        }
        if events.contains(.opened) { events += session.write([UInt8](repeating: 7, count: 1000)) }
        for case .send(let out) in events {
            guard let read = try? APFMessage(out) else { preconditionFailure("what is sent cannot be read") }
            precondition(read.bytes == out)
            if case .channelData(_, let data) = read {
                precondition(out.count <= longest)
                sent += data.count
                precondition(sent <= room)
            }
        }
    }
    return 0
}
