import AMTOperations
import Testing
import WSMan

typealias Ethernet = AMT.EthernetPortSettings
typealias General = AMT.GeneralSettings
typealias Versions = CIM.SoftwareIdentity

let settingsReadings: [Reading] = [
    Reading("amt/general/enumerate", Enumerate<General>.output) {
        #expect($0 == "14000000-0000-0000-0000-000000000000")
    },
    Reading("amt/general/get", General.Get.output) { settings in
        #expect(settings.hostName == "Test Host Name")
        #expect(settings.domainName == "Test Domain Name")
        #expect(settings.hostOSFQDN == "Test Host OS FQDN")
        #expect(settings.sharedFQDN == true)
        #expect(settings.digestRealm == "Digest:F3EB554784E729164447A89F60B641C5")
        #expect(settings.ddnsUpdateEnabled == false)
        #expect(settings.ddnsUpdateByDHCPServerEnabled == true)
        #expect(settings.ddnsPeriodicUpdateInterval == 1440)
        #expect(settings.ddnsTTL == 900)
        #expect(settings.pingResponseEnabled == true)
        #expect(settings.rmcpPingResponseEnabled == true)
        #expect(settings.networkInterfaceEnabled == true)
        #expect(settings.object.properties.count == 24)
    },
    Reading("amt/general/pull", Pull<General>.output) { page in
        #expect(page.instances.map(\.hostName) == [""])
        #expect(page.instances.map(\.digestRealm) == ["Digest:6EE8C61BA74893E059F032EA919D699E"])
        #expect(page.next == nil)
    },
    // A known defect of the file: the context has a digit less than those of other captures.
    Reading("amt/ethernetport/enumerate", Enumerate<Ethernet>.output) {
        #expect($0 == "7700000-0000-0000-0000-000000000000")
    },
    Reading("amt/ethernetport/get", Ethernet.Get.output) { settings in
        #expect(settings.port == .wired)
        #expect(settings.macAddress == "c8-d9-d2-7a-1e-33")
        #expect(settings.dhcpEnabled == true)
        #expect(settings.ipSyncEnabled == true)
        #expect(settings.linkIsUp == true)
        #expect(settings.ipAddress == nil)
    },
    Reading("amt/ethernetport/pull", Pull<Ethernet>.output) { page in
        #expect(page.instances.map(\.port) == [.wired, .wireless])
        #expect(page.instances.map(\.macAddress) == ["00-be-43-d8-22-a4", nil])
    },
    Reading("amt/ethernetport/put", Ethernet.Get.output) { #expect($0.ipAddress == "192.168.0.24") },
    Reading("cim/software/identity/enumerate", Enumerate<Versions>.output) {
        #expect($0 == "E2020000-0000-0000-0000-000000000000")
    },
    Reading("cim/software/identity/get", Versions.Get.output) { identity in
        #expect(identity.part == "AMTApps")
        #expect(identity.version == "12.0.67")
    },
    Reading("cim/software/identity/pull", Pull<Versions>.output) { page in
        #expect(page.instances.count == 11)
        #expect(page.instances.amtVersion == "12.0.67")
        #expect(page.instances.last?.part == "AMT FW Core Version")
    },
]
