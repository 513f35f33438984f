import AMTOperations
import Testing
import Vocabulary
import WSMan

typealias Setup = AMT.SetupAndConfigurationService
typealias Clock = AMT.TimeSynchronizationService
typealias HostSetup = IPS.HostBasedSetupService

let setupReadings: [Reading] = [
    Reading("amt/setupandconfiguration/enumerate", Enumerate<Setup>.output) {
        #expect($0.hasSuffix("0000-0000-0000-000000000000"))
    },
    Reading("amt/setupandconfiguration/get", Setup.Get.output) { service in
        #expect(service.provisioningState == .post)
        #expect(service.provisioningMode == 1)
        #expect(service.zeroTouchConfigurationEnabled == true)
        #expect(service.otp == nil, "32 zeros are no password")
        #expect(service.dhcpDNSSuffix == nil)
        #expect(service.trustedDNSSuffix == nil)
        #expect(service.configurationServerFQDN == nil)
    },
    Reading("amt/setupandconfiguration/pull", Pull<Setup>.output) { page in
        #expect(page.instances.map(\.provisioningState) == [.post])
    },
    Reading("amt/setupandconfiguration/commitchanges", Setup.CommitChanges.output) { _ in },
    Reading("amt/setupandconfiguration/partialunprovision", Setup.PartialUnprovision.output) { _ in },
    Reading("amt/setupandconfiguration/setmebxpassword", Setup.SetMEBxPassword.output) { _ in },
    Reading("amt/setupandconfiguration/unprovision", Setup.Unprovision.output) { _ in },
    Reading("amt/timesynchronization/enumerate", Enumerate<Clock>.output) {
        #expect($0 == "94000000-0000-0000-0000-000000000000")
    },
    Reading("amt/timesynchronization/get", Clock.Get.output) { #expect($0.number("TimeSource") == 0) },
    Reading("amt/timesynchronization/pull", Pull<Clock>.output) { #expect($0.instances.count == 1) },
    Reading("amt/timesynchronization/getlowaccuracytimesynch", Clock.GetLowAccuracyTimeSynch.output) {
        #expect($0 == 1_704_586_865)
    },
    Reading("amt/timesynchronization/sethighaccuracytimesynch", Clock.SetHighAccuracyTimeSynch.output) { _ in },
    Reading("ips/hostbasedsetup/enumerate", Enumerate<HostSetup>.output) {
        #expect($0 == "980A0000-0000-0000-0000-000000000000")
    },
    Reading("ips/hostbasedsetup/get", HostSetup.Get.output) { service in
        #expect(service.currentControlMode == .admin)
        #expect(service.allowedControlModes == [.admin, .client])
        #expect(service.configurationNonce?.count == 20)
        #expect(service.certificateChainStatus == 0)
    },
    Reading("ips/hostbasedsetup/pull", Pull<HostSetup>.output) {
        #expect($0.instances.map(\.currentControlMode) == [.admin])
    },
]
