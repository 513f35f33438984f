import AMTOperations
import Testing
import WSMan

typealias Boot = AMT.BootSettingData
typealias Power = CIM.AssociatedPowerManagementService

let bootReadings: [Reading] = [
    Reading("amt/boot/settingdata/enumerate", Enumerate<Boot>.output) { #expect($0.hasPrefix("DD07")) },
    Reading("amt/boot/settingdata/get", Boot.Get.output) { settings in
        #expect(settings.isPlain)
        #expect(settings.object.texts("BIOSLastStatus") == ["2", "0"], "a list goes back as it came")
        var plain = settings
        plain.makePlain()
        #expect(plain == settings, "what is plain is not changed")
    },
    Reading("amt/boot/settingdata/pull", Pull<Boot>.output) { page in #expect(page.instances.count == 1) },
    Reading("cim/associatedpower/managementservice/enumerate", Enumerate<Power>.output) {
        #expect($0.hasPrefix("5E1A"))
    },
    Reading("cim/associatedpower/managementservice/get", Get<Power>.output) { #expect($0 == 2) },
    Reading("cim/associatedpower/managementservice/pull", Pull<Power>.output) { #expect($0.instances == [2]) },
    Reading("cim/boot/configsetting/changebootorder", CIM.BootConfigSetting.ChangeBootOrder.output) { _ in },
    Reading("cim/boot/service/setbootconfigrole", CIM.BootService.SetBootConfigRole.output) { _ in },
    Reading(
        "cim/power/managementservice/requestpowerstatechange",
        CIM.PowerManagementService.RequestPowerStateChange.output
    ) { _ in },
]

/// Files of classes of which only a method is called.
let bootExempt: [String: String] = Dictionary(
    uniqueKeysWithValues: [
        "boot/configsetting/enumerate", "boot/configsetting/get", "boot/configsetting/pull", "boot/service/enumerate",
        "boot/service/get", "boot/service/pull", "boot/service/requeststatechange",
        "power/managementservice/enumerate", "power/managementservice/get", "power/managementservice/pull",
    ].map { ("go-wsman-messages/responses/cim/\($0).xml", "only another method of the class is called") })
