import Foundation
import TestKit
import Testing

@Suite("The demo", .serialized)
struct DemoTests {
    /// The demo's end by one route.
    private static func tell(
        _ route: String, programs: URL = URL(filePath: product("namesake-server")).deletingLastPathComponent()
    ) async throws -> (status: Int32, output: String) {
        let script = URL(filePath: #filePath).appending(path: "../../../packaging/demo/demo").standardizedFileURL
        let told = try await run(
            "/usr/bin/env",
            ["ROUTE=\(route)", script.path(percentEncoded: false), programs.path(percentEncoded: false)])
        return (told.status, told.output)
    }

    @Test(
        "tells the story to its end by either route, with a table in which all names are one",
        arguments: ["in-place", "partial"])
    func demo(route: String) async throws {
        let told = try await Self.tell(route)
        #expect(told.status == 0, "\(told.output)")
        #expect(told.output.contains("\nnames match ("), "\(told.output)")
        #expect(told.output.contains("unprovision:") == (route == "partial"))
        #expect(!told.output.contains(try Regex(#", ([a-z.-]+): \1\n"#)), "every step has words of its own")
    }

    @Test(
        "begins with a machine of another console's, opens it by a ticket of a real KDC, and ends with the same table",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func kerberos() async throws {
        let told = try await Self.tell("kerberos")
        #expect(told.status == 0, "\(told.output)")
        #expect(told.output.contains("\nnames match ("), "\(told.output)")
        #expect(told.output.contains("5 requests were made by ticket for HTTP/pc-0815."), "\(told.output)")
        #expect(!told.output.contains(try Regex(#", ([a-z.-]+): \1\n"#)), "every step has words of its own")
    }

    @Test("refuses a route that it does not know")
    func unknownRoute() async throws {
        let told = try await Self.tell("x", programs: URL(filePath: "/nowhere"))
        #expect(told.status == 64 && told.output.contains("ROUTE=x is no route"), "\(told.output)")
    }
}
