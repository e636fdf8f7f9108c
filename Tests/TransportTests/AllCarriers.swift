import Testing

@testable import Server
@testable import Transport

/// What carries exchanges with a scripted server: connections of our own, on a thread of theirs or on the event loop of
/// whoever asks, or libcurl.
enum Carrier: CaseIterable {
    case thread, eventLoop, libcurl

    @TaskLocal static var current = Carrier.thread

    static var isLibcurl: Bool { current == .libcurl }

    private static let loops = ServerLoops()
    private static let executor = loops.executor()

    static func transport(_ options: TransportOptions = TransportOptions()) throws(TransportError) -> CurlTransport {
        var options = options
        options.usesLibcurlOnly = isLibcurl
        return try CurlTransport(options: options, ports: current == .eventLoop ? loops.ports : [])
    }

    /// Runs the test where this carrier serves it.
    func run(_ test: @concurrent @Sendable () async throws -> Void) async throws {
        try await Self.$current.withValue(self) {
            guard self == .eventLoop else { return try await test() }
            try await withTaskExecutorPreference(Self.executor) { try await test() }
        }
    }
}

/// Runs each test once for each carrier: the promises are the same, whatever carries the exchange.
struct AllCarriers: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for carrier in Carrier.allCases { try await carrier.run(function) }
    }
}

extension Trait where Self == AllCarriers {
    static var allCarriers: AllCarriers { AllCarriers() }
}
