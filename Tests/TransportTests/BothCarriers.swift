import Testing

@testable import Transport

/// What carries exchanges with a scripted server: connections of our own, or libcurl.
enum Carrier {
    @TaskLocal static var isLibcurl = false

    static func options(_ options: TransportOptions = TransportOptions()) -> TransportOptions {
        var options = options
        options.usesLibcurlOnly = isLibcurl
        return options
    }
}

/// Runs each test twice: the promises are the same, whatever carries the exchange.
struct BothCarriers: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for isLibcurl in [false, true] {
            try await Carrier.$isLibcurl.withValue(isLibcurl) { try await function() }
        }
    }
}

extension Trait where Self == BothCarriers {
    static var bothCarriers: BothCarriers { BothCarriers() }
}
