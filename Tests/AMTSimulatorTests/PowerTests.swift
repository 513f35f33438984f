import LibXML
import Testing

@testable import AMTSimulator

@Suite("The machine is switched through the firmware")
struct PowerTests {
    private func request(_ device: inout Device, _ state: Int) throws -> Int? {
        try device.invoke(
            "CIM_PowerManagementService", "RequestPowerStateChange", "<h:PowerState>\(state)</h:PowerState>"
        )
        .status
    }

    @Test("a machine that is off is not reset, but powered on; an unknown state is 5")
    func power() throws {
        var device = try Device.provisioned()
        let association = "CIM_AssociatedPowerManagementService"
        #expect(try request(&device, 8) == 0)
        #expect(try device.get(association).body?["PowerState"]?.text == "8")
        #expect(try request(&device, 10) == 2)
        #expect(try request(&device, 2) == 0)
        #expect(try request(&device, 10) == 0)
        #expect(try request(&device, 4) == 0 && device.firmware.machine.powerState == 4)
        #expect(try request(&device, 99) == 5)
    }

    @Test("a boot source counts as its role says, and an empty order takes it back", arguments: [0, 1, 2, 32768])
    func role(role: Int) throws {
        var device = try Device.provisioned()
        let pxe = "Intel(r) AMT: Force PXE Boot"
        func order(_ device: inout Device, _ source: String) throws -> Int? {
            try device.invoke("CIM_BootConfigSetting", "ChangeBootOrder", source).status
        }
        let source = reference("CIM_BootSourceSetting", "InstanceID", pxe)
        let none = reference("CIM_BootSourceSetting", "InstanceID", "Intel(r) AMT: Force Floppy Boot")
        #expect(try order(&device, "<h:Source>\(none)</h:Source>") == 5)
        #expect(try order(&device, "<h:Source>\(source)</h:Source>") == 0)
        let setting = reference("CIM_BootConfigSetting", "InstanceID", "Intel(r) AMT: Boot Configuration 0")
        let input = "<h:BootConfigSetting>\(setting)</h:BootConfigSetting><h:Role>\(role)</h:Role>"
        #expect(try device.invoke("CIM_BootService", "SetBootConfigRole", input).status == 0)
        #expect(try request(&device, 5) == 0)
        #expect(device.firmware.machine.bootedFrom == (role == 32768 ? nil : pxe))
        #expect(try request(&device, 5) == 0)
        #expect(device.firmware.machine.bootedFrom == (role == 1 || role == 32768 ? nil : pxe))
        #expect(try order(&device, "") == 0)
        #expect(try request(&device, 5) == 0)
        #expect(device.firmware.machine.bootedFrom == nil)
        #expect(try device.invoke("CIM_BootService", "SetBootConfigRole", "<h:Role>1</h:Role>").status == 5)
    }
}
