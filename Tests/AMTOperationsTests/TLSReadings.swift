import AMTOperations
import Testing
import WSMan

typealias TLSContext = AMT.TLSCredentialContext
typealias TLSSettings = AMT.TLSSettingData

let tlsReadings: [Reading] = [
    // A known defect of the file: the certificate is named `testCertificate`.
    Reading("amt/tls/credentialcontext/create", TLSContext.Create.output) { #expect($0 == "testCertificate") },
    Reading("amt/tls/credentialcontext/enumerate", Enumerate<TLSContext>.output) {
        #expect($0 == "6B080000-0000-0000-0000-000000000000")
    },
    Reading("amt/tls/credentialcontext/pull", Pull<TLSContext>.output) { page in
        #expect(page.instances.map(\.certificate) == ["Intel(r) AMT Certificate: Handle: 3"])
    },
    Reading("amt/tls/credentialcontext/put", TLSContext.Put.output) {
        #expect($0.certificate == "Intel(r) AMT Certificate: Handle: 4")
    },
    Reading("amt/tls/settingdata/enumerate", Enumerate<TLSSettings>.output) {
        #expect($0 == "CA000000-0000-0000-0000-000000000000")
    },
    Reading("amt/tls/settingdata/get", TLSSettings.Get.output) { settings in
        #expect(settings.interface == .remote)
        #expect(!settings.enabled)
        #expect(settings.mutualAuthentication == false)
        #expect(settings.acceptNonSecureConnections == false)
        #expect(settings.nonSecureConnectionsSupported == nil)
        #expect(settings.trustedCommonNames == [])
    },
    Reading("amt/tls/settingdata/pull", Pull<TLSSettings>.output) { page in
        #expect(page.instances.map(\.interface) == [.remote, .local])
        #expect(page.instances.map(\.acceptNonSecureConnections) == [false, true])
    },
    Reading("amt/tls/settingdata/put", TLSSettings.Put.output) { #expect($0.interface == .remote) },
]
