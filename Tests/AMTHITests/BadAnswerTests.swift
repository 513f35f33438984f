import AMTHI
import Testing
import Vocabulary

/// A command whose answer can be read without naming its type.
struct Reader: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: [UInt8]
    let read: @Sendable ([UInt8]) throws(HostInterfaceFault) -> Void

    init<Command: HostInterfaceCommand>(_ command: Command.Type, _ answer: String) {
        testDescription = "\(command)"
        self.answer = golden(answer)
        read = { message throws(HostInterfaceFault) in _ = try Command.read(message) }
    }

    static let all = [
        Reader(GetProvisioningState.self, Golden.provisioningStatePost),
        Reader(GetControlMode.self, Golden.controlModeAdmin),
        Reader(GetUUID.self, Golden.uuidAnswer),
        Reader(GetFQDN.self, Golden.fqdnAnswer),
        Reader(SetHostFQDN.self, Golden.setHostFQDNAnswer),
        Reader(GetPkiFQDNSuffix.self, Golden.suffixAnswer),
        Reader(GetLocalSystemAccount.self, Golden.accountAnswer),
        Reader(GetCodeVersions.self, Golden.codeVersionsAnswer),
    ]

    /// What reading throws, `nil` when it succeeds.
    func fault(_ message: [UInt8]) -> HostInterfaceFault? {
        do throws(HostInterfaceFault) { try read(message) } catch { return error }
        return nil
    }
}

@Suite("Answers that are none")
struct BadAnswerTests {
    @Test("are refused when cut short anywhere, whether the header admits it or not", arguments: Reader.all)
    func prefixes(reader: Reader) {
        #expect(reader.fault(reader.answer) == nil)
        #expect(reader.fault([]) == .amtDisabled)
        for length in 1..<reader.answer.count {
            var message = Array(reader.answer.prefix(length))
            #expect(isUnreadable(reader.fault(message)), "\(length) bytes")
            guard length >= 12 else { continue }
            setLength(of: &message)
            // The account is complete without its two bytes of padding.
            if reader.testDescription == "GetLocalSystemAccount", length == reader.answer.count - 2 { continue }
            #expect(isUnreadable(reader.fault(message)), "\(length) bytes, length corrected")
        }
    }

    @Test("are refused when something is left over", arguments: Reader.all)
    func leftOver(reader: Reader) {
        var message = reader.answer + [0x41]
        #expect(isUnreadable(reader.fault(message)))
        setLength(of: &message)
        #expect(isUnreadable(reader.fault(message)))
    }

    @Test(
        "are refused when a byte of the header is wrong", arguments: Reader.all,
        [(0, 0x02), (0, 0x00), (1, 0x00), (2, 0x01), (3, 0x80), (4, 0x12), (6, 0x00), (7, 0x03), (8, 0xFF), (11, 0xFF)])
    func header(reader: Reader, change: (offset: Int, value: UInt8)) {
        var message = reader.answer
        message[change.offset] = change.value
        #expect(isUnreadable(reader.fault(message)))
    }

    @Test("with another status are refusals that name it, with or without data", arguments: Reader.all)
    func refusals(reader: Reader) {
        var message = reader.answer
        (message[12], message[13]) = (0x14, 0x08)
        #expect(reader.fault(message) == .refused(command: reader.testDescription, status: .notFound))
        message = Array(message.prefix(16))
        setLength(of: &message)
        #expect(reader.fault(message) == .refused(command: reader.testDescription, status: .notFound))
    }

    @Test("never trap, whatever byte is changed to whatever", arguments: Reader.all)
    func everyByte(reader: Reader) {
        for offset in reader.answer.indices {
            for value in [0x00, 0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
                var message = reader.answer
                message[offset] = value
                _ = reader.fault(message)
            }
        }
    }

    @Test("with text that is no text, or counts that do not fit, are refused")
    func texts() {
        var name = golden(Golden.fqdnAnswer)
        name[40] = 0xFF
        #expect(isUnreadable(Reader(GetFQDN.self, Golden.fqdnAnswer).fault(name)))
        name[40] = 0
        #expect(isUnreadable(Reader(GetFQDN.self, Golden.fqdnAnswer).fault(name)))
        var versions = golden(Golden.codeVersionsAnswer)
        versions[85] = 21
        #expect(isUnreadable(Reader(GetCodeVersions.self, Golden.codeVersionsAnswer).fault(versions)))
        versions = golden(Golden.codeVersionsAnswer)
        (versions[81], versions[84]) = (0xFF, 0xFF)
        #expect(isUnreadable(Reader(GetCodeVersions.self, Golden.codeVersionsAnswer).fault(versions)))
    }

    @Test("become failures that say what to do")
    func failures() {
        let faults: [HostInterfaceFault] = [
            .noManagementEngine(device: "/dev/mei0"), .noHostInterface(device: "/dev/mei0"),
            .recoveryMode(device: "/dev/mei0"), .amtDisabled, .forbidden(device: "/dev/mei0"),
            .busy(device: "/dev/mei0", tries: 8), .vanished(during: "read"), .silent(seconds: 15),
            .device(errno: 5, during: "write"), .answerUnreadable("x"),
            .refused(command: "GetFQDN", status: .unsupported),
        ]
        #expect(faults.allSatisfy { Failure($0).hint?.isEmpty == false })
        #expect(Set(faults.map { Failure($0).code }).count == faults.count)
    }

    private func isUnreadable(_ fault: HostInterfaceFault?) -> Bool {
        if case .answerUnreadable = fault { return true }
        return false
    }

    private func setLength(of message: inout [UInt8]) {
        let length = message.count - 12
        (message[8], message[9]) = (UInt8(length & 0xFF), UInt8(length >> 8))
        (message[10], message[11]) = (0, 0)
    }
}
