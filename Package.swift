// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every Swift target; `ARCHITECTURE.md` says why each is there.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "swiftlet",
    products: [
        .executable(name: "swiftlet", targets: ["swiftlet"]),
        .executable(name: "swiftlet-dns", targets: ["swiftlet-dns"]),
        .library(name: "DHCPService", targets: ["DHCPService"]),
        .library(name: "DNSService", targets: ["DNSService"]),
        .library(name: "ContainerEngine", targets: ["ContainerEngine"]),
        .library(name: "ContainerNetwork", targets: ["ContainerNetwork"]),
        .library(name: "ContainerStorage", targets: ["ContainerStorage"]),
        .library(name: "ContainerRuntime", targets: ["ContainerRuntime"]),
        .library(name: "Netlink", targets: ["Netlink"]),
        .library(name: "GoTemplate", targets: ["GoTemplate"]),
        .library(name: "TOMLReader", targets: ["TOMLReader"]),
        .library(name: "OCISpec", targets: ["OCISpec"]),
        .library(name: "LinuxSys", targets: ["LinuxSys"]),
        .library(name: "WirePrimitives", targets: ["WirePrimitives"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Layer 0: the kernel and C.
        .target(
            name: "CLinux",
            linkerSettings: [.linkedLibrary(":libsqlite3.a"), .linkedLibrary("m")]),
        .target(
            name: "LinuxSys",
            dependencies: ["CLinux", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        // Layer 1: values.
        .target(name: "WirePrimitives", swiftSettings: settings),
        .target(name: "OCISpec", swiftSettings: settings),
        .target(name: "GoTemplate", swiftSettings: settings),
        .target(name: "TOMLReader", dependencies: ["TOMLKit"], swiftSettings: settings),
        // Layer 2: protocols.
        .target(name: "Netlink", dependencies: ["LinuxSys", "WirePrimitives"], swiftSettings: settings),
        .target(name: "DNSService", dependencies: ["LinuxSys", "WirePrimitives"], swiftSettings: settings),
        // Layer 3: the subsystems, which never import each other.
        .target(name: "DHCPService", dependencies: ["Netlink", "LinuxSys", "WirePrimitives"], swiftSettings: settings),
        .target(
            name: "ContainerNetwork",
            dependencies: [
                "Netlink", "LinuxSys", "WirePrimitives", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings),
        .target(
            name: "ContainerStorage",
            dependencies: [
                "OCISpec", "TOMLReader", "LinuxSys", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .target(name: "ContainerRuntime", dependencies: ["OCISpec", "LinuxSys"], swiftSettings: settings),
        // Layer 4: containers' life.
        .target(
            name: "ContainerEngine",
            dependencies: [
                "ContainerNetwork", "ContainerStorage", "ContainerRuntime", "OCISpec", "TOMLReader", "WirePrimitives",
                "LinuxSys",
            ],
            swiftSettings: settings),
        // Layer 5: the command line.
        .target(
            name: "Commands",
            dependencies: [
                "ContainerEngine", "ContainerNetwork", "GoTemplate", "LinuxSys", "OCISpec", "WirePrimitives",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // Layer 6.
        .executableTarget(name: "swiftlet", dependencies: ["Commands"], swiftSettings: settings),
        .executableTarget(name: "swiftlet-dns", dependencies: ["DHCPService", "DNSService"], swiftSettings: settings),
        // Tests without a host: pure, or against a fake kernel. Those on a real one are scripts under Tests/Host.
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .testTarget(name: "WirePrimitivesTests", dependencies: ["WirePrimitives"], swiftSettings: settings),
        .testTarget(name: "GoTemplateTests", dependencies: ["GoTemplate"], swiftSettings: settings),
        .testTarget(name: "TOMLReaderTests", dependencies: ["TOMLReader"], swiftSettings: settings),
        .testTarget(
            name: "NetlinkTests", dependencies: ["Netlink", "WirePrimitives", "LinuxSys"], swiftSettings: settings),
        .testTarget(
            name: "DHCPServiceTests", dependencies: ["DHCPService", "WirePrimitives"], swiftSettings: settings),
        .testTarget(
            name: "DNSServiceTests", dependencies: ["DNSService", "WirePrimitives"], swiftSettings: settings),
        .testTarget(
            name: "ContainerNetworkTests", dependencies: ["ContainerNetwork", "Netlink", "WirePrimitives", "LinuxSys"],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(name: "OCISpecTests", dependencies: ["OCISpec"], swiftSettings: settings),
        .testTarget(
            name: "ContainerRuntimeTests", dependencies: ["ContainerRuntime", "OCISpec", "LinuxSys"],
            swiftSettings: settings),
        .testTarget(
            name: "ContainerStorageTests", dependencies: ["ContainerStorage", "OCISpec", "LinuxSys"],
            swiftSettings: settings),
        .testTarget(
            name: "ContainerEngineTests",
            dependencies: ["ContainerEngine", "ContainerNetwork", "ContainerRuntime", "WirePrimitives"],
            swiftSettings: settings),
    ]
)
