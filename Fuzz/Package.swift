// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because a fuzzer needs its sanitizers in all that it links, and needs few rooms.
// The rooms are links to those of the project.

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What tells the fuzzer which bytes lead to new places; `--sanitize fuzzer` alone only links it.
let traced: [SwiftSetting] = [.unsafeFlags(["-sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"])]

func fuzzer(_ name: String, of rooms: [Target.Dependency] = ["AMTHI", "Vocabulary"]) -> Target {
    .executableTarget(
        name: name, dependencies: rooms,
        swiftSettings: house + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "namesake-fuzz",
    targets: [
        .target(name: "Vocabulary", swiftSettings: house + traced),
        .target(name: "AMTHI", dependencies: ["Vocabulary"], swiftSettings: house + traced),
        fuzzer("FuzzHostInterface"),
        fuzzer("FuzzPortForwarding"),
        .systemLibrary(name: "CLibHivex"),
        .target(name: "RegistryHives", dependencies: ["CLibHivex"], swiftSettings: house + traced),
        fuzzer("FuzzHiveReplay", of: ["RegistryHives"]),
        .target(name: "CDiskAccess"),
        .systemLibrary(name: "CLibBlkid", pkgConfig: "blkid"),
        .target(
            name: "DiskInspection", dependencies: ["CDiskAccess", "CLibBlkid", "Vocabulary"], exclude: ["README.md"],
            swiftSettings: house + traced),
        .target(name: "FATFiles", swiftSettings: house + traced),
        fuzzer("FuzzFAT", of: ["FATFiles"]),
        fuzzer("FuzzTables", of: ["DiskInspection"]),
        fuzzer("FuzzSignatures", of: ["DiskInspection"]),
    ],
    swiftLanguageModes: [.v6]
)
