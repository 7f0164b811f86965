// swift-tools-version: 6.2
import PackageDescription

// A package of its own: the sanitizer is for the whole build, and nobody who builds Swiftlet needs it.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "swiftlet", path: "..")],
    targets: [
        // One program with every fuzzer, for one link is all that there is to wait for; `scripts/fuzz` runs them.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                .product(name: "ContainerEngine", package: "swiftlet"),
                .product(name: "ContainerNetwork", package: "swiftlet"),
                .product(name: "ContainerStorage", package: "swiftlet"),
                .product(name: "DHCPService", package: "swiftlet"),
                .product(name: "DNSService", package: "swiftlet"),
                .product(name: "GoTemplate", package: "swiftlet"),
                .product(name: "LinuxSys", package: "swiftlet"),
                .product(name: "OCISpec", package: "swiftlet"),
                .product(name: "TOMLReader", package: "swiftlet"),
                .product(name: "WirePrimitives", package: "swiftlet"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
                // The entry point is libFuzzer's.
                .unsafeFlags(["-parse-as-library"]),
            ])
    ]
)
