/// What Linux's MEI driver shows of the engine below `/sys`, as texts by their paths.
///
/// Formats: host reference 1.5. Values: `fw_status` of a CSME 18 that runs and of a 16.1 that is stuck in recovery mode,
/// both printed by their owners; an engine before 8.0 has two registers.
package struct KernelView: Hashable, Sendable {
    /// Files, by their paths below the root.
    package private(set) var files: [String: String] = [:]
    /// Symbolic links, by their paths below the root.
    package private(set) var links: [String: String] = [:]
    /// Folders that come and go, whose other content is stale.
    package let buses = ["bus/mei/devices"]

    private static let controller = "devices/pci0000:00/0000:00:16.0"
    private static let graphics = "devices/pci0000:00/0000:03:00.0"

    /// Adds a device of AMT's controller.
    ///
    /// - Parameters:
    ///   - number: Of the device node: `mei0`, `mei1` and on.
    ///   - firmware: What is behind it.
    ///   - isResetting: Whether the engine resets now.
    package mutating func add(_ number: Int, _ firmware: SimulatedFirmware, isResetting: Bool) {
        let numbers = firmware.versionNumbers
        let version = "0:\(numbers.major).\(numbers.minor).\(numbers.hotfix).\(numbers.build)\n"
        device(
            number, kind: "mei", parent: Self.controller, version: version, status: Self.status(firmware),
            state: isResetting ? "RESETTING" : "ENABLED")
        guard !isResetting else { return }
        for client in firmware.hostClients {
            let path = "bus/mei/devices/0000:00:16.0-\(client.rawValue)"
            files["\(path)/name"] = client.rawValue
            files["\(path)/uuid"] = client.rawValue
            files["\(path)/version"] = client.protocolVersion < 16 ? "0\(client.protocolVersion)" : "10"
            files["\(path)/max_conn"] = "\(client.connections(firmware.personality))"
            files["\(path)/max_len"] = "\(client.longestMessage(firmware.personality))"
            files["\(path)/fixed"] = "0"
            files["\(path)/vtag"] = "0"
            files["\(path)/modalias"] =
                "mei::\(client.rawValue):\(client.protocolVersion < 16 ? "0\(client.protocolVersion)" : "10"):"
        }
        files["class/dmi/id/product_uuid"] = "\(printed(firmware.uuid))\n"
    }

    /// Adds a controller of a graphics card, which takes a number too and knows nothing of AMT.
    package mutating func addOther(_ number: Int) {
        device(
            number, kind: "gsc", parent: Self.graphics, version: "0:102.0.0.1655\n", status: ["00000255"],
            state: "ENABLED")
    }

    private mutating func device(
        _ number: Int, kind: String, parent: String, version: String, status: [String], state: String
    ) {
        let path = "\(parent)/mei/mei\(number)"
        files["\(path)/kind"] = "\(kind)\n"
        files["\(path)/fw_ver"] = String(repeating: version, count: 3)
        files["\(path)/fw_status"] = status.map { "\($0)\n" }.joined()
        files["\(path)/dev_state"] = state
        files["\(path)/hbm_ver"] = "2.2\n"
        files["\(path)/hbm_ver_drv"] = "2.2\n"
        files["\(path)/tx_queue_limit"] = "50\n"
        files["\(path)/trc"] = "00000000\n"
        files["\(path)/dev"] = "234:\(number)\n"
        links["\(path)/device"] = "../../../\(parent.split(separator: "/").last ?? "")"
        links["class/mei/mei\(number)"] = "../../\(path)"
    }

    private static func status(_ firmware: SimulatedFirmware) -> [String] {
        if firmware.isInRecovery { return ["94000642", "00F10507", "00000030", "00004004", "02041F03", "C44003CB"] }
        if firmware.personality.release < 8 { return ["00000245", "69000000"] }
        return ["A0000245", "00F10500", "00000020", "00000000", "02F41F03", "40000000"]
    }
}
