// swift-tools-version: 6.2
import PackageDescription

/// The house has three wings.
///
/// A target is a room in one of them, and sits in the folder of its own name.
enum Wing: String {
    case shared = "Sources/Shared"
    case agent = "Sources/Agent"
    case server = "Sources/Server"
    case tests = "Tests"
    case support = "Tests/Support"
}

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func room(_ name: String, _ wing: Wing, uses: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: uses, path: "\(wing.rawValue)/\(name)", exclude: readMe(name), swiftSettings: house)
}

func door(_ name: String, _ wing: Wing, uses: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: uses, path: "\(wing.rawValue)/\(name)", swiftSettings: house)
}

/// A room of C: what Swift cannot say about a system call.
func cRoom(_ name: String, _ wing: Wing) -> Target {
    .target(name: name, path: "\(wing.rawValue)/\(name)")
}

func cLibrary(_ name: String, _ wing: Wing, pkgConfig: String?, apt: String) -> Target {
    .systemLibrary(name: name, path: "\(wing.rawValue)/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Tests of a room; `programs` are run by them and so have to be built first.
func trial(of name: String, uses: [Target.Dependency], programs: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: uses + programs, path: "Tests/\(name)Tests", swiftSettings: house)
}

/// Rooms that meet the outside carry a README.
func readMe(_ name: String) -> [String] {
    ["AMTSimulator", "DiskInspection", "SimulatedMEI"].contains(name) ? ["README.md"] : []
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")

let package = Package(
    name: "namesake",
    products: [
        .executable(name: "namesake-agent", targets: ["AgentMain"]),
        .executable(name: "namesake-agent-sync", targets: ["AgentSyncMain"]),
        .executable(name: "namesake-agent-local", targets: ["AgentLocalMain"]),
        .executable(name: "namesake-agent-inspect", targets: ["AgentInspectMain"]),
        .executable(name: "namesake-server", targets: ["ServerMain"]),
        .executable(name: "namesake-simulator", targets: ["AMTSimulatorMain"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Shared
        cLibrary("CLibXML2", .shared, pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
        cLibrary("COpenSSL", .shared, pkgConfig: "openssl", apt: "libssl-dev"),
        cLibrary("CLibCurl", .shared, pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        cLibrary("CGSSAPI", .shared, pkgConfig: nil, apt: "libkrb5-dev"),
        room("Vocabulary", .shared),
        room("Wire", .shared, uses: ["Vocabulary"]),
        room("Reconciliation", .shared, uses: ["Vocabulary"]),
        room("LibXML", .shared, uses: ["CLibXML2"]),
        room("Certificates", .shared, uses: ["COpenSSL", "Vocabulary"]),
        room("CurlClient", .shared, uses: ["CLibCurl", "Vocabulary"]),
        room("AMTHI", .shared, uses: ["Vocabulary"]),
        room("WSMan", .shared, uses: ["LibXML", "Vocabulary"]),
        room("AMTOperations", .shared, uses: ["WSMan", "LibXML", "Vocabulary"]),
        room("FirmwareHTTP", .shared, uses: ["Certificates", "Vocabulary"]),
        cRoom("CSimulatedMEI", .shared),
        room("SimulatedMEI", .shared, uses: ["CSimulatedMEI"]),
        room(
            "AMTSimulator", .shared,
            uses: [
                "CGSSAPI", "LibXML", "SimulatedMEI", nioCore, nioPosix, nioSSL, nioTLS, x509, asn1, crypto,
                cryptoExtras,
            ]),
        door("AMTSimulatorMain", .shared, uses: ["AMTSimulator", "SimulatedMEI", nioCore, nioPosix, argumentParser]),

        // Agent
        cRoom("CMEI", .agent),
        room("AgentCore", .agent, uses: ["CMEI", "AMTHI", "Reconciliation", "Wire", "Vocabulary"]),
        cRoom("CDiskAccess", .agent),
        cLibrary("CLibBlkid", .agent, pkgConfig: "blkid", apt: "libblkid-dev"),
        cLibrary("CLibHivex", .agent, pkgConfig: "hivex", apt: "libhivex-dev"),
        cLibrary("CLibFsntfs", .agent, pkgConfig: "libfsntfs", apt: "libfsntfs-dev"),
        cLibrary("CLibExt2fs", .agent, pkgConfig: "ext2fs", apt: "libext2fs-dev"),
        room("ExtFiles", .agent, uses: ["CLibExt2fs"]),
        room("APFSFiles", .agent),
        room("FATFiles", .agent),
        room("NTFSFiles", .agent, uses: ["CLibFsntfs"]),
        room("RegistryHives", .agent, uses: ["CLibHivex"]),
        room("DiskInspection", .agent, uses: ["CDiskAccess", "CLibBlkid", "Vocabulary"]),
        room(
            "VolumeReading", .agent,
            uses: ["APFSFiles", "DiskInspection", "ExtFiles", "FATFiles", "NTFSFiles", "RegistryHives"]),
        door(
            "AgentInspectMain", .agent,
            uses: ["DiskInspection", "VolumeReading", "AgentCore", "AgentOptions", "Vocabulary", argumentParser]),
        room("AgentOptions", .agent, uses: ["AgentCore", "AMTHI", "Vocabulary", argumentParser]),
        door(
            "AgentMain", .agent,
            uses: [
                "AgentOptions", "AgentCore", "AMTHI", "Reconciliation", "Wire", "Vocabulary", argumentParser,
            ]),
        door(
            "AgentSyncMain", .agent,
            uses: [
                "AgentOptions", "AgentCore", "AMTHI", "Certificates", "CurlClient", "Reconciliation", "Wire",
                "Vocabulary", argumentParser,
            ]),

        room(
            "LocalManagement", .agent,
            uses: [
                "AgentCore", "AMTHI", "FirmwareHTTP", "Certificates", "WSMan", "AMTOperations", "Reconciliation",
                "Vocabulary",
            ]),
        door(
            "AgentLocalMain", .agent,
            uses: [
                "LocalManagement", "AgentOptions", "AgentCore", "AMTHI", "AMTOperations", "Certificates",
                "Reconciliation", "WSMan", "Wire", "Vocabulary", argumentParser,
            ]),

        // Server
        room("Jobs", .server, uses: ["Vocabulary"]),
        room("Fleet", .server, uses: ["Reconciliation", "Wire", "Vocabulary"]),
        room("Kerberos", .server, uses: ["CGSSAPI", "Vocabulary"]),
        room(
            "Provisioning", .server,
            uses: [
                "Kerberos", "Jobs", "Fleet", "FirmwareHTTP", "AMTOperations", "WSMan", "LibXML", "Certificates",
                "CurlClient",
                "Vocabulary",
            ]),
        room("StorageSQLite", .server, uses: ["Jobs", "Fleet", "Vocabulary", grdb]),
        room(
            "Listeners", .server,
            uses: [
                "Fleet", "Jobs", "Wire", "Vocabulary", hummingbird, hummingbirdTLS, lifecycle, logging, nioCore,
                nioPosix,
                nioSSL,
            ]),
        door(
            "ServerMain", .server,
            uses: [
                "Kerberos", "Listeners", "Provisioning", "StorageSQLite", "Jobs", "Fleet", "Certificates", "CurlClient",
                "Wire",
                "Vocabulary", argumentParser, lifecycle, logging, hummingbird, hummingbirdTLS, nioSSL,
            ]),

        // Tests
        room("TestKit", .support, uses: ["AgentTestKit"]),
        room("AgentTestKit", .support),
        room(
            "SimulationKit", .support,
            uses: [
                "Provisioning", "AMTSimulator", "Certificates", "CurlClient", "Fleet", "Jobs", "Wire", "Vocabulary",
                crypto,
            ]),
        door("Worlds", .tests, uses: ["SimulationKit"]),
        room("DiskTestKit", .support, uses: ["AgentTestKit", "DiskInspection"]),
        .target(
            name: "CCurlLoop", dependencies: ["CLibCurl"], path: "Tests/Support/CCurlLoop",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        door("FalseBlanks", .tests, uses: ["DiskTestKit"]),
        door("Benchmarks", .tests, uses: ["AgentTestKit", "CCurlLoop", "TestKit"]),
        trial(of: "Architecture", uses: []),
        trial(of: "Vocabulary", uses: ["Vocabulary"]),
        trial(of: "Reconciliation", uses: ["Reconciliation", "Vocabulary"]),
        trial(of: "LibXML", uses: ["LibXML"]),
        trial(of: "WSMan", uses: ["WSMan", "LibXML", "Vocabulary"]),
        trial(of: "AMTOperations", uses: ["AMTOperations", "WSMan", "LibXML", "Vocabulary"]),
        trial(of: "AMTHI", uses: ["AMTHI", "Vocabulary"]),
        trial(of: "AgentCore", uses: ["AgentTestKit", "AgentCore", "AMTHI", "Reconciliation", "Wire", "Vocabulary"]),
        trial(
            of: "Agent", uses: ["AgentTestKit", "SimulatedMEI", "TestKit", "Vocabulary", "Wire"],
            programs: ["AgentMain", "AgentSyncMain", "AgentLocalMain", "AgentInspectMain", "AMTSimulatorMain"]),
        trial(of: "Packaging", uses: ["AgentTestKit"], programs: ["AgentMain", "AgentSyncMain", "AgentInspectMain"]),
        trial(
            of: "Server", uses: ["TestKit", "Certificates", "Fleet", "Provisioning", "StorageSQLite", "Vocabulary"],
            programs: ["ServerMain", "AMTSimulatorMain", "AgentMain", "AgentSyncMain", "AgentLocalMain"]),
        trial(
            of: "AMTSimulator",
            uses: ["AMTSimulator", "LibXML", "TestKit", asn1, crypto, cryptoExtras, x509],
            programs: ["AMTSimulatorMain", "AgentLocalMain"]),
        trial(of: "SimulatedMEI", uses: ["SimulatedMEI", "TestKit"]),
        trial(of: "Certificates", uses: ["Certificates", "TestKit", "Vocabulary"]),
        trial(of: "CurlClient", uses: ["CurlClient", "TestKit", "Vocabulary"]),
        trial(of: "Storage", uses: ["StorageSQLite", "Fleet", "Jobs", "TestKit", "Vocabulary"]),
        trial(
            of: "Provisioning",
            uses: [
                "Provisioning", "FirmwareHTTP", "AMTOperations", "Certificates", "Fleet", "Jobs", "StorageSQLite",
                "TestKit", "Vocabulary", "Wire",
            ]),
        trial(
            of: "Simulation",
            uses: [
                "SimulationKit", "AMTOperations", "AMTSimulator", "Certificates", "Fleet", "Jobs", "LibXML",
                "Provisioning", "TestKit", "WSMan", "Wire", "Vocabulary", crypto,
            ]),
        trial(
            of: "DiskInspection",
            uses: ["DiskInspection", "AgentTestKit", "DiskTestKit", "TestKit", "VolumeReading", "Vocabulary"],
            programs: ["AgentInspectMain", "AgentMain"]),
        trial(of: "APFSFiles", uses: ["APFSFiles", "AgentTestKit", "DiskTestKit"]),
        trial(of: "FATFiles", uses: ["FATFiles", "AgentTestKit"]),
        trial(of: "NTFSFiles", uses: ["NTFSFiles", "AgentTestKit"]),
        trial(of: "RegistryHives", uses: ["RegistryHives", "TestKit"]),
        trial(of: "Jobs", uses: ["Jobs", "Vocabulary"]),
        trial(of: "Listeners", uses: ["Listeners", "Fleet", "TestKit", lifecycle, logging]),
        trial(of: "Fleet", uses: ["Fleet", "TestKit", "Vocabulary"]),
    ],
    swiftLanguageModes: [.v6]
)
