import AMTOperations
import Testing
import WSMan

typealias Accounts = AMT.AuthorizationService

let accountReadings: [Reading] = [
    Reading("amt/authorization/enumerate", Enumerate<Accounts>.output) {
        #expect($0 == "5C000000-0000-0000-0000-000000000000")
    },
    Reading("amt/authorization/get", Accounts.Get.output) { #expect($0.number("AllowHttpQopAuthOnly") == 1) },
    Reading("amt/authorization/pull", Pull<Accounts>.output) { page in
        #expect(page.instances.map { $0.text("Name") } == ["Intel(r) AMT Authorization Service"])
        #expect(page.next == nil)
    },
    Reading("amt/authorization/enumerateuseraclentries", Accounts.EnumerateUserAclEntries.output) { page in
        #expect(page.total == 2)
        #expect(page.handles == [1, 2])
    },
    Reading("amt/authorization/getaclenabledstate", Accounts.GetAclEnabledState.output) { #expect($0) },
    Reading("amt/authorization/setaclenabledstate", Accounts.SetAclEnabledState.output) { _ in },
    Reading("amt/authorization/getadminaclentry", Accounts.GetAdminAclEntry.output) { #expect($0 == "admin") },
    Reading("amt/authorization/getadminaclentrystatus", Accounts.GetAdminAclEntryStatus.output) {
        #expect($0 == false)
    },
    Reading("amt/authorization/getadminnetaclentrystatus", Accounts.GetAdminNetAclEntryStatus.output) {
        #expect($0 == false)
    },
    Reading("amt/authorization/getuseraclentryex", Accounts.GetUserAclEntryEx.output) {
        #expect(
            $0
                == AccountEntry(identity: .digest("$$uns"), access: .local, realms: [.localUN]))
    },
    Reading("amt/authorization/removeuseraclentry", Accounts.RemoveUserAclEntry.output) { _ in },
    Reading("amt/authorization/setadminaclentryex", Accounts.SetAdminAclEntryEx.output) { _ in },
]
