/// What a user's own hive (NTUSER.DAT) tells: whether a person worked there.
package struct ProfileHive: Hashable, Sendable {
    /// When the root key was last written, in seconds since 1970.
    package var changed: Int?
    package var recentDocuments: Int
    package var countedPrograms: Int
    package var typedAddresses: Int
    package var runCommands: Int

    /// Somebody did something; to be asked of no hive of the folder `Default`.
    package var isUsed: Bool { recentDocuments + typedAddresses + runCommands > 0 }

    /// - Throws: ``HiveFault`` where a list cannot be read; a key that is not there is no error.
    package init(_ hive: borrowing Hive) throws(HiveFault) {
        let explorer = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer"
        changed = hive.time(of: hive.rootKey)
        recentDocuments = try hive.values(at: "\(explorer)\\RecentDocs").count
        countedPrograms = try hive.names(below: "\(explorer)\\UserAssist").count
        typedAddresses = try hive.values(at: "Software\\Microsoft\\Internet Explorer\\TypedURLs").count
        runCommands = try hive.values(at: "\(explorer)\\RunMRU").count
    }
}
