// swift-tools-version: 6.2
import PackageDescription

// The readers of hostile input are compiled anew, as they stand in ../Sources (the links in Sources/), with libFuzzer's
// instrumentation and AddressSanitizer: `run.sh` passes the flags.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
/// Targets see what is internal to the readers.
let tested: [SwiftSetting] = strict + [.unsafeFlags(["-enable-testing"])]
/// libFuzzer brings the main function.
let fuzzer: [SwiftSetting] = strict + [.unsafeFlags(["-parse-as-library"])]

let package = Package(
    name: "fuzz",
    dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
    targets: [
        .target(name: "ChatAPI", swiftSettings: tested),
        .target(name: "Crypto", swiftSettings: strict),
        .target(name: "PromptSchema", dependencies: ["Crypto"], swiftSettings: tested),
        .target(name: "Grammar", dependencies: ["ChatAPI"], swiftSettings: strict),
        .target(
            name: "SchemaFiles",
            dependencies: ["ChatAPI", "Grammar", "PromptSchema", .product(name: "Yams", package: "Yams")],
            swiftSettings: tested),
        .target(name: "Gateway", swiftSettings: tested),
        .target(name: "HTTPHeads", dependencies: ["ChatAPI", "Gateway"], swiftSettings: tested),
        .target(name: "CheckpointFiles", swiftSettings: tested),
        .target(name: "JournalFiles", swiftSettings: tested),
        .target(name: "Tokenization", dependencies: ["Crypto"], swiftSettings: tested),
        .target(name: "FuzzSupport", swiftSettings: strict),
        .executableTarget(name: "fuzz-json", dependencies: ["ChatAPI", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(name: "fuzz-sse", dependencies: ["ChatAPI", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-recognition", dependencies: ["PromptSchema", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-schema", dependencies: ["SchemaFiles", "PromptSchema", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-safetensors", dependencies: ["CheckpointFiles", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-config", dependencies: ["CheckpointFiles", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-adapter", dependencies: ["CheckpointFiles", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-tokenizer", dependencies: ["Tokenization", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(name: "fuzz-journal", dependencies: ["JournalFiles", "FuzzSupport"], swiftSettings: fuzzer),
        .executableTarget(name: "fuzz-http", dependencies: ["HTTPHeads", "FuzzSupport"], swiftSettings: fuzzer),
    ]
)
