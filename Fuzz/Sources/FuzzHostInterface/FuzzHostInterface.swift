import AMTHI
import Vocabulary

/// Reads any bytes as the answer to every command, and as a manageability state: a value or a fault, and nothing else.
///
/// What reads is held to it: a name that came out fits into what came in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    attempt(GetProvisioningState.self, bytes)
    attempt(GetControlMode.self, bytes)
    attempt(GetUUID.self, bytes)
    attempt(GetCodeVersions.self, bytes)
    attempt(GetPkiFQDNSuffix.self, bytes)
    attempt(GetLocalSystemAccount.self, bytes)
    attempt(GetLanInterfaceSettings.self, bytes)
    attempt(SetHostFQDN.self, bytes)
    attempt(StartConfigurationEx.self, bytes)
    if let name = attempt(GetFQDN.self, bytes) { precondition(name.name.utf8.count <= count) }
    if let state = try? ManageabilityState(bytes) { precondition(state.demandsTLS == nil || count == 1) }
    return 0
}

@discardableResult
private func attempt<Command: HostInterfaceCommand>(_ command: Command.Type, _ bytes: [UInt8]) -> Command.Answer? {
    do throws(HostInterfaceFault) { return try Command.read(bytes) } catch {
        // A fault has to be tellable too.
        precondition(!Failure(error).message.isEmpty)
        return nil
    }
}
