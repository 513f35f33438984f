/// What the SAM hive tells: the machine's own accounts.
///
/// Accounts are known by their numbers (RID): the names of the built-in ones are translated. Nothing is read of passwords.
package struct AccountsHive: Hashable, Sendable {
    package var accounts: [Account]
    /// `S-1-5-21-…`; nil where there is none.
    package var machineSID: String?

    package struct Account: Hashable, Sendable {
        package var number: UInt32
        package var name: String
        package var logons: UInt16
        /// Seconds since 1970.
        package var lastLogon: Int?
        /// When the account's key was last written, in seconds since 1970.
        package var changed: Int?

        /// Somebody made it; those below 1000 are of Windows.
        package var isMade: Bool { number >= 1000 }
    }

    /// - Throws: ``HiveFault`` where a list cannot be read; a key that is not there is no error.
    package init(_ hive: borrowing Hive) throws(HiveFault) {
        accounts = []
        let users = "SAM\\Domains\\Account\\Users"
        guard let list = try hive.key("\(users)\\Names") else {
            machineSID = nil
            return
        }
        for key in try hive.keys(below: list) {
            // The number of the account stands where the kind of the value would.
            guard let number = try hive.values(of: key)[""]?.kind else {
                throw .unreadable("the number of an account", 0)
            }
            let digits = String(number, radix: 16)
            let record = try hive.key("\(users)\\" + String(repeating: "0", count: 8 - digits.utf8.count) + digits)
            guard let record, let fixed = try hive.values(of: record)["F"]?.bytes, fixed.count >= 0x44 else {
                throw .unreadable("the record of an account", 0)
            }
            accounts.append(
                Account(
                    number: number, name: key.name, logons: halfWord(fixed, 0x42),
                    lastLogon: seconds(fileTime: longWord(fixed, 0x08)), changed: hive.time(of: record)))
        }
        accounts.sort { $0.number < $1.number }
        let own = try hive.values(at: "SAM\\Domains\\Account")["V"]?.bytes.suffix(12) ?? []
        machineSID =
            own.count == 12 ? "S-1-5-21-\(word(own, 0))-\(word(own, 4))-\(word(own, 8))" : nil
    }
}
