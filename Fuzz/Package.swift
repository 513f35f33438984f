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

func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["AMTHI", "Vocabulary"],
        swiftSettings: house + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "namesake-fuzz",
    targets: [
        .target(name: "Vocabulary", swiftSettings: house),
        .target(name: "AMTHI", dependencies: ["Vocabulary"], swiftSettings: house),
        fuzzer("FuzzHostInterface"),
        fuzzer("FuzzPortForwarding"),
    ],
    swiftLanguageModes: [.v6]
)
