/// Partitions of vendors and for recovery: W23 of the reference on prior installations, which is shown and no more.
extension Partition {
    /// By its type, of GPT or MBR, or by its name.
    var isForRecovery: Bool {
        ["DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "27"].contains(type) || isRecoveryLabel(name)
    }
}

extension Volume {
    var recoveryEvidence: Evidence? {
        guard let label, isRecoveryLabel(label) else { return nil }
        return Evidence(
            .recoveryPartition, .information, "volume \"\(label)\" is a vendor's or for recovery", at: offset)
    }
}

/// What Windows, Dell, HP, Lenovo and Acer call them.
private func isRecoveryLabel(_ text: String) -> Bool {
    let words = text.lowercased()
    return ["recovery", "winre", "pqservice", "restore"].contains(where: words.contains)
        || ["dellsupport", "system_drv", "lenovo_part", "hp_tools", "os_tools", "diags", "oem", "image"].contains(words)
}
