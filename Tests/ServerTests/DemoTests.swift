import Foundation
import TestKit
import Testing

@Suite("The demo", .serialized)
struct DemoTests {
    @Test(
        "tells the story to its end by either route, with a table in which all names are one",
        arguments: ["in-place", "partial"])
    func demo(route: String) async throws {
        let script = URL(filePath: #filePath).appending(path: "../../../packaging/demo/demo").standardizedFileURL
        let programs = URL(filePath: product("namesake-server")).deletingLastPathComponent()
        let told = try await run(
            "/usr/bin/env",
            ["ROUTE=\(route)", script.path(percentEncoded: false), programs.path(percentEncoded: false)])
        #expect(told.status == 0, "\(told.output)")
        #expect(told.output.contains("\nnames match ("), "\(told.output)")
        #expect(told.output.contains("unprovision:") == (route == "partial"))
    }

    @Test(
        "begins with a machine of another console's, opens it by a ticket of a real KDC, and ends with the same table",
        .enabled(if: Realm.isThere, "krb5-kdc, krb5-admin-server or krb5-user is not installed"))
    func kerberos() async throws {
        let script = URL(filePath: #filePath).appending(path: "../../../packaging/demo/demo").standardizedFileURL
        let programs = URL(filePath: product("namesake-server")).deletingLastPathComponent()
        let told = try await run(
            "/usr/bin/env",
            ["ROUTE=kerberos", script.path(percentEncoded: false), programs.path(percentEncoded: false)])
        #expect(told.status == 0, "\(told.output)")
        #expect(told.output.contains("\nnames match ("), "\(told.output)")
        #expect(told.output.contains("3 requests were made by ticket for HTTP/pc-0815."), "\(told.output)")
    }

    @Test("refuses a route that it does not know")
    func unknownRoute() async throws {
        let script = URL(filePath: #filePath).appending(path: "../../../packaging/demo/demo").standardizedFileURL
        let told = try await run("/usr/bin/env", ["ROUTE=x", script.path(percentEncoded: false), "/nowhere"])
        #expect(told.status == 64 && told.output.contains("ROUTE=x is no route"), "\(told.output)")
    }
}
