import DiskInspection
import FATFiles

/// Reads a FAT volume for the boot loaders on it: W24 of section 3.4 of the reference on prior installations.
func readBootFiles(
    _ descriptor: Int32, _ extent: Range<UInt64>, into contents: inout VolumeContents
) throws(UnreadableVolume) {
    do throws(FATFault) {
        let volume = try FATVolume { offset, count in read(descriptor, extent, offset, count) }
        if try volume.entries(["loader", "entries"])?.isEmpty == false {
            contents.found(.bootLoader, .blocking, "systemd-boot has entries")
        }
        for entry in try volume.entries(["EFI"]) ?? [] {
            let name = entry.name.lowercased()
            if linuxLoaders.contains(name) {
                contents.found(.bootLoader, .blocking, "a boot loader of \(entry.name)")
            } else if name == "apple" {
                contents.found(.appleVolume, .blocking, "boot files of Apple's")
            } else if name == "microsoft" {
                let files = try volume.entries(["EFI", "Microsoft", "Boot"]) ?? []
                let isWhole = ["bootmgfw.efi", "bcd"].allSatisfy { wanted in
                    files.contains { $0.name.lowercased() == wanted }
                }
                contents.found(
                    .bootLoader, .information, isWhole ? "Windows' boot loader" : "parts of Windows' boot loader")
            } else if name == "boot" || vendors.contains(name) {
                contents.found(.bootLoader, .information, "EFI\\\(entry.name)")
            } else {
                contents.found(.bootLoader, .unprovable, "EFI\\\(entry.name), of whom is not known")
            }
        }
    } catch { throw UnreadableVolume("\(error)") }
}

/// Folders below `EFI`, in small letters.
private let linuxLoaders: Set<String> = [
    "almalinux", "arch", "centos", "debian", "endeavouros", "fedora", "gentoo", "grub", "grub2", "kali", "linux",
    "linuxmint", "manjaro", "nixos", "opensuse", "oracle", "pop_os", "proxmox", "redhat", "refind", "rocky", "sles",
    "systemd", "ubuntu", "zorin",
]

/// What vendors put beside Windows: not measured on their machines.
///
/// A name that is not here makes the disk unknown, not free.
private let vendors: Set<String> = [
    "acer", "asus", "dell", "dynabook", "fujitsu", "hp", "intel", "lenovo", "msi", "oem", "samsung", "toshiba",
]
