/// One thing that was found and that speaks about the past of a disk.
package struct Evidence: Hashable, Codable, Sendable {
    package var indicator: Indicator
    package var weight: Weight
    /// For a person; holds no secret, and no content of a file beyond names.
    package var text: String
    /// In bytes from the start of the disk, where it has a place.
    package var offset: UInt64?

    package init(_ indicator: Indicator, _ weight: Weight, _ text: String, at offset: UInt64? = nil) {
        self.indicator = indicator
        self.weight = weight
        self.text = text
        self.offset = offset
    }

    /// How much one piece of evidence says by itself.
    package enum Weight: String, CaseIterable, Codable, Sendable {
        /// A prior installation; only a person explains it away.
        case blocking
        /// No proof is possible in its presence.
        case unprovable
        /// A prior installation, unless a factory image explains it.
        case strong
        /// Not blank, and no more than that.
        case weak
        /// Shown, and never changes a verdict.
        case information
    }
}

/// The name of a kind of evidence, as `Documentation/inspection.md` lists them.
package enum Indicator: String, CaseIterable, Codable, Sendable {
    case noDisk = "D1"
    case selfEncryption = "D2"
    case passwordLock = "D3"
    case readError = "D4"
    case hiddenArea = "D5"
    case wear = "D6"
    case arrayMember = "D7"
    case changedMeanwhile = "D8"
    case partitions = "P1"
    case emptyTable = "P2"
    case backupTableOnly = "P3"
    case partitionType = "P4"
    case lostVolume = "P5"
    case backupHeader = "P6"
    case content = "P7"
    case randomContent = "P8"
    case gap = "P9"
    case bootCode = "P10"
    case encryptedVolume = "E1"
    case bitLocker = "E2"
    case volumeManager = "E5"
    case softwareArray = "E6"
    case storageProduct = "E7"
    case windowsPool = "E8"
    case swap = "E9"
    case windowsVolume = "W1"
    case setupFinished = "W2"
    case imageComplete = "W3"
    case localAccount = "W4"
    case userProfile = "W5"
    case domainMember = "W6"
    case cloudMember = "W7"
    case managementClient = "W8"
    case logons = "W9"
    case cachedLogons = "W10"
    case lastUse = "W11"
    case parkedSession = "W12"
    case pageFile = "W13"
    case upgrade = "W14"
    case sealedAfterUse = "W15"
    case profileActivity = "W16"
    case usbDisks = "W17"
    case hiveReplayed = "W18"
    case unreadableFacts = "W19"
    case mountedDevice = "W20"
    case installedPrograms = "W21"
    case deletedTraces = "W22"
    case recoveryPartition = "W23"
    case bootLoader = "W24"
    case linuxVolume = "L1"
    case mounted = "L2"
    case osRelease = "L3"
    case machineID = "L4"
    case people = "L5"
    case started = "L6"
    case ownMarker = "L7"
    case appleVolume = "M1"
    case macOSSetUp = "M2"
    case opticalImage = "O1"
    case otherVolume = "O2"
    case bootEntry = "F1"
    case loaderVariable = "F2"
    case administration = "F3"
    case inventory = "X1"
}
