import AgentCore
import AgentTestKit
import Glibc
import Testing
import Vocabulary
import Wire

@Suite("The enrolment file")
struct EnrolmentFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func text(
        version: Int = 1, server: String = "https://127.0.0.1:8443",
        authority: String = #"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"#,
        token: String = "canary-token"
    ) -> String {
        #"{"wireVersion":\#(version),"server":"\#(server)","serverCA":"\#(authority)","token":"\#(token)"}"#
    }

    private func failure(_ path: String) -> Failure? {
        do throws(Failure) { _ = try readEnrolment(path) } catch { return error }
        return nil
    }

    @Test("is read when nobody else can")
    func good() throws {
        for mode in [0o600, 0o400] as [UInt32] {
            let enrolment = try readEnrolment(try folder.write("e\(mode)", text(), mode: mode))
            #expect(enrolment.server == "https://127.0.0.1:8443")
            #expect(enrolment.token == "canary-token")
        }
    }

    @Test("is refused when others can read or change it", arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
    func open(mode: UInt32) throws {
        let failure = try #require(failure(try folder.write("e", text(), mode: mode)))
        #expect(failure.message.contains(String(mode, radix: 8)))
        #expect(failure.hint?.contains("chmod 0600") == true)
        #expect(ExitStatus(failure) == .configuration)
    }

    @Test("is refused when it says nothing usable, and never quoted")
    func bad() throws {
        let texts = [
            "", "canary-token", "{}", "[1]", text(version: 2), text(server: "http://127.0.0.1"),
            text(server: "https://"),
            text(server: "https://a/b"), text(server: "https://a b"), text(server: "https://user@a"),
            text(authority: "canary-token"), text(token: ""), text(token: #"canary-token\r\nX: y"#),
            String(text().dropLast()), text() + String(repeating: " ", count: 1 << 20),
        ]
        for text in texts {
            let failure = try #require(failure(try folder.write("e", text)), "\(text.prefix(200))")
            #expect(ExitStatus(failure) == .configuration)
            #expect(!"\(failure)".contains("canary-token"))
            #expect(failure.hint?.isEmpty == false)
        }
    }

    @Test("is refused when it is missing or no file")
    func missing() throws {
        #expect(failure(folder.path + "/none")?.message.contains("No such file") == true)
        #expect(failure(folder.path)?.message.contains("no regular file") == true)
    }
}

@Suite("The note that a restoring is due")
struct RestoreMarkerTests {
    @Test("is there after it was set, only for its owner, and gone after it was cleared, twice if need be")
    func marker() throws {
        let folder = try TemporaryFolder()
        let marker = try RestoreMarker(directory: folder.path + "/state", create: true)
        #expect(!marker.isDue)
        try marker.set()
        try marker.set()
        #expect(marker.isDue)
        var status = stat()
        #expect(stat(folder.path + "/state/host-name-restore-due", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try RestoreMarker(directory: folder.path + "/state", create: true).isDue)
        try marker.clear()
        try marker.clear()
        #expect(!marker.isDue)
    }

    @Test("cannot be kept where there is no directory")
    func missing() {
        #expect(throws: Failure.self) { try RestoreMarker(directory: "/nonexistent/state", create: true) }
        #expect(throws: Failure.self) { try RestoreMarker(directory: "/nonexistent", create: false) }
    }
}
