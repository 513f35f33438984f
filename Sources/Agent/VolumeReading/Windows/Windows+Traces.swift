import DiskInspection
import NTFSFiles
import RegistryHives

extension InstalledWindows {
    /// W21 of the reference on prior installations.
    func addPrograms(to contents: inout VolumeContents, _ policy: FactoryPolicy) {
        guard let count = hives.software?.programs, count > policy.vendorPrograms else { return }
        contents.found(.installedPrograms, .weak, "\(count) programs are installed")
    }

    /// W22, and what W15 has of it: a client that was deleted before the machine was sealed as if new.
    func addDeletedTraces(_ volume: borrowing NTFSVolume, to contents: inout VolumeContents) {
        let names: [String]
        do throws(NTFSFault) {
            names = try volume.deletedNames { clientNames.contains($0) || tracesOfUse.contains($0) }
        } catch {
            contents.found(.unreadableFacts, .unprovable, "deleted files could not be looked for: \(error)")
            return
        }
        guard !names.isEmpty else { return }
        let list = names.sorted().prefix(8).joined(separator: ", ")
        contents.found(.deletedTraces, .weak, "files were deleted that a machine in use has: \(list)")
        if isSealed, names.contains(where: { clientNames.contains($0.lowercased()) }) {
            contents.found(.sealedAfterUse, .blocking, "sealed as if new, after ConfigMgr's client was deleted from it")
        }
    }
}

/// What ConfigMgr's client makes, in small letters.
private let clientNames: Set<String> = ["smscfg.ini", "ccm", "ccmcache", "ccmsetup", "ccmsetup.exe", "ccmexec.exe"]

/// What else Windows has made where it was in use.
private let tracesOfUse: Set<String> = [
    "sam", "ntuser.dat", "pagefile.sys", "swapfile.sys", "hiberfil.sys", "windows.old",
]
