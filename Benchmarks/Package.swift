// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "promptintern", path: "..")],
    targets: [
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                .product(name: "ChatAPI", package: "promptintern"),
                .product(name: "PromptSchema", package: "promptintern"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ledger", dependencies: [.product(name: "Ledger", package: "promptintern")], swiftSettings: strict),
    ]
)
