/// What the SOFTWARE hive tells of an installation.
package struct SoftwareHive: Hashable, Sendable {
    package var product: String?
    package var edition: String?
    /// 22000 and above is Windows 11, though the product's name says 10.
    package var build: String?
    package var installationType: String?
    /// Seconds since 1970.
    package var installed: UInt32?
    package var owner: String?
    /// How far `sysprep` has come; see ``ImageState``.
    package var imageState: String?
    /// SIDs with the folder of each.
    package var profiles: [Profile]
    package var lastUser: String?
    /// The domain whose policy was applied.
    package var policyDomain: String?
    /// Keys that the ConfigMgr client leaves.
    package var managementKeys: [String]

    /// Enrolments in the management of devices that name a user or a provider; Windows brings others along.
    package var enrolments: Int

    /// Programs that can be taken away again: those that Windows shows to a person.
    package var programs: Int

    package struct Profile: Hashable, Sendable {
        package var sid: String
        package var folder: String

        /// Of a person: an account of the machine or of a domain, or one of Entra.
        package var isOfAPerson: Bool { sid.hasPrefix("S-1-5-21-") || sid.hasPrefix("S-1-12-1-") }
    }

    /// - Throws: ``HiveFault`` where a list cannot be read; a key that is not there is no error.
    package init(_ hive: borrowing Hive) throws(HiveFault) {
        let version = try hive.values(at: "Microsoft\\Windows NT\\CurrentVersion")
        product = version["ProductName"]?.text
        edition = version["EditionID"]?.text
        build = version["CurrentBuildNumber"]?.text
        installationType = version["InstallationType"]?.text
        installed = version["InstallDate"]?.number
        owner = version["RegisteredOwner"]?.text
        let current = "Microsoft\\Windows\\CurrentVersion"
        imageState = try hive.values(at: "\(current)\\Setup\\State")["ImageState"]?.text
        lastUser = try hive.values(at: "\(current)\\Authentication\\LogonUI")["LastLoggedOnUser"]?.text
        policyDomain = try hive.values(at: "\(current)\\Group Policy\\History")["MachineDomain"]?.text
        profiles = []
        if let list = try hive.key("Microsoft\\Windows NT\\CurrentVersion\\ProfileList") {
            for key in try hive.keys(below: list) {
                let folder = try hive.values(of: key)["ProfileImagePath"]?.text ?? ""
                profiles.append(Profile(sid: key.name, folder: folder))
            }
        }
        enrolments = 0
        if let list = try hive.key("Microsoft\\Enrollments") {
            for key in try hive.keys(below: list) {
                let values = try hive.values(of: key)
                if [values["UPN"]?.text, values["ProviderID"]?.text].contains(where: { $0?.isEmpty == false }) {
                    enrolments += 1
                }
            }
        }
        programs = 0
        for branch in ["", "Wow6432Node\\"] {
            guard let list = try hive.key("\(branch)\(current)\\Uninstall") else { continue }
            for key in try hive.keys(below: list) {
                let values = try hive.values(of: key)
                let isShown = values["SystemComponent"]?.number != 1 && values["ParentKeyName"] == nil
                if isShown, values["DisplayName"]?.text.isEmpty == false { programs += 1 }
            }
        }
        managementKeys = []
        for path in Self.managementPaths where try hive.key("Microsoft\\\(path)") != nil { managementKeys.append(path) }
    }

    /// Source: captam3rica/ThePowerShelling, Uninstall-SCCMClient.ps1; edtechjeff/edtechjeff, PrepareOOBE.ps1.
    private static let managementPaths = [
        "CCM", "CCMSetup", "SMS", "SystemCertificates\\SMS\\Certificates", "DeviceManageabilityCSP",
    ]
}
