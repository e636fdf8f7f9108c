// swift-tools-version: 6.2
import PackageDescription

/// The language settings every Swift target shares (docs/architecture.md, "Settings").
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // Checked at compile time, and at run time in debug builds (docs/performance.md tells what the checks cost).
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Numeric targets stay optimised in debug builds, so that the tests that train models stay fast.
let numeric: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "promptintern",
    products: [
        .executable(name: "promptintern", targets: ["promptintern"]),
        // For Benchmarks.
        .library(name: "ChatAPI", targets: ["ChatAPI"]),
        .library(name: "Ledger", targets: ["Ledger"]),
        .library(name: "PromptSchema", targets: ["PromptSchema"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Bridges to C.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        .target(name: "CSandbox"),

        // Vocabulary: no I/O, no other target of ours.
        .target(name: "Randomness", swiftSettings: numeric),
        .target(name: "PromptSchema", dependencies: [crypto], swiftSettings: numeric),
        .target(name: "ChatAPI", swiftSettings: numeric),
        .target(name: "Tokenization", dependencies: [crypto], swiftSettings: numeric),
        .target(name: "Grammar", dependencies: ["ChatAPI"], swiftSettings: numeric),
        .target(name: "Experimentation", dependencies: [crypto], swiftSettings: strict),
        .target(name: "Ledger", dependencies: [grdb, sqlite], swiftSettings: strict),
        .target(name: "Telemetry", swiftSettings: strict),
        .target(name: "Access", dependencies: [crypto, grdb], swiftSettings: strict),

        // Machinery.
        .target(name: "Engine", dependencies: ["Randomness", "CKernels", "COpenBLAS", crypto], swiftSettings: numeric),
        .target(name: "Tuning", dependencies: ["Randomness", "Engine", "COpenBLAS", crypto], swiftSettings: numeric),
        .target(name: "Transport", dependencies: ["CCurl"], swiftSettings: strict),

        // Flows.
        .target(
            name: "Gateway",
            dependencies: [
                "ChatAPI", "PromptSchema", "Tokenization", "Experimentation", "Ledger", "Telemetry", "Access",
            ],
            swiftSettings: strict),
        .target(
            name: "Internalization",
            dependencies: ["Randomness", "PromptSchema", "Tokenization", "Engine", "Tuning", "CSandbox", crypto],
            swiftSettings: numeric),

        .target(name: "FineTuning", dependencies: ["Transport"], swiftSettings: strict),

        // Edges.
        .target(name: "HouseBooks", dependencies: ["Randomness", "PromptSchema"], swiftSettings: numeric),
        .target(
            name: "Configuration",
            dependencies: [
                "PromptSchema", "Experimentation", "Ledger", "Gateway", "Access", "Internalization", "ChatAPI",
                "Grammar",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "Backends",
            dependencies: [
                "Gateway", "Engine", "Transport", "ChatAPI", "Grammar", "PromptSchema", "Tokenization", crypto,
            ],
            swiftSettings: strict),
        .target(
            name: "Server",
            dependencies: [
                "Gateway", "ChatAPI", "Ledger", "Experimentation", "Access", "Transport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // The root: the only place that chooses concrete types.
        .executableTarget(
            name: "promptintern",
            dependencies: [
                "Access", "Backends", "ChatAPI", "Configuration", "Engine", "Experimentation", "FineTuning", "Gateway",
                "HouseBooks", "Internalization", "Ledger", "Telemetry", "PromptSchema", "Randomness", "Server",
                "Tokenization",
                "Transport",
                "Tuning",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Tests.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: [], swiftSettings: strict),
        .testTarget(name: "PromptSchemaTests", dependencies: ["PromptSchema", "TestSupport"], swiftSettings: numeric),
        .testTarget(name: "ChatAPITests", dependencies: ["ChatAPI", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "GrammarTests", dependencies: ["Grammar", "ChatAPI", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TokenizationTests", dependencies: ["Tokenization", "TestSupport"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "ExperimentationTests", dependencies: ["Experimentation", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "TestSupport", grdb], swiftSettings: strict),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "AccessTests", dependencies: ["Access", "TestSupport", grdb], swiftSettings: strict),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "CKernels", "TestSupport"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "TuningTests", dependencies: ["Tuning", "Engine", "Randomness", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TransportTests", dependencies: ["Transport", "Server", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "ChatAPI", "PromptSchema", "Tokenization", "Experimentation", "Ledger", "Telemetry",
                "Access", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "InternalizationTests",
            dependencies: [
                "Internalization", "PromptSchema", "Randomness", "Tokenization", "Engine", "Tuning", "HouseBooks",
                "TestSupport",
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "FineTuningTests", dependencies: ["FineTuning", "Transport", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HouseBooksTests", dependencies: ["HouseBooks", "PromptSchema", "Randomness", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Configuration", "PromptSchema", "Experimentation", "Gateway", "Ledger", "Access", "Internalization",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BackendsTests",
            dependencies: [
                "Backends", "Gateway", "ChatAPI", "Engine", "Grammar", "Transport", "Tokenization", "PromptSchema",
                "Experimentation", "Ledger", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Gateway", "ChatAPI", "Ledger", "Experimentation", "Access", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["promptintern", "Engine", "TestSupport"], swiftSettings: strict),
    ]
)
