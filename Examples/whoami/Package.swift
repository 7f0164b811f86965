// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "whoami",
    targets: [
        .executableTarget(name: "whoami", swiftSettings: settings),
        .testTarget(name: "whoamiTests", dependencies: ["whoami"], swiftSettings: settings),
    ]
)
