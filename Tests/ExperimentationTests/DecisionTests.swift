import Experimentation
import TestSupport
import Testing

@Suite("Decisions")
struct DecisionTests {
    struct Request: Sendable, CustomTestStringConvertible {
        var mode = Mode.on
        var killSwitch = false
        var bypass = false
        var recognized = Decision.Recognized.task
        var manifestMatches = true
        var unsupported: [String] = []
        var bucket = 0

        var decision: Decision {
            Decision.decide(
                mode: mode, killSwitch: killSwitch, bypass: bypass, recognized: recognized,
                manifestMatches: manifestMatches, unsupportedFeatures: unsupported, bucket: Bucket(number: bucket))
        }

        var testDescription: String { "\(mode), bucket \(bucket)" }
    }

    @Test(
        "follow the rules in their order",
        arguments: [
            (Request(), Arm.internalized, "on"),
            (Request(mode: .off), .fullPrompt, "off"),
            (Request(mode: .audit), .fullPrompt, "audit"),
            (Request(mode: .canary(percent: 25), bucket: 2499), .internalized, "canary"),
            (Request(mode: .canary(percent: 25), bucket: 2500), .fullPrompt, "canary_control"),
            (Request(mode: .canary(percent: 0), bucket: 0), .fullPrompt, "canary_control"),
            (Request(mode: .canary(percent: 100), bucket: 9999), .internalized, "canary"),
            (Request(killSwitch: true), .fullPrompt, "kill_switch"),
            (Request(killSwitch: true, bypass: true), .fullPrompt, "kill_switch"),
            (Request(bypass: true), .fullPrompt, "bypass"),
            (Request(recognized: .refused(.drift)), .fullPrompt, "drift"),
            (Request(mode: .off, recognized: .refused(.ambiguous)), .fullPrompt, "ambiguous"),
            (Request(recognized: .noTask), .passthrough, "unrecognized"),
            (Request(killSwitch: true, recognized: .noTask), .passthrough, "unrecognized"),
            (Request(manifestMatches: false), .fullPrompt, "manifest_mismatch"),
            (Request(mode: .audit, unsupported: ["tools"]), .fullPrompt, "unsupported_feature"),
            (Request(mode: .off, unsupported: ["tools"]), .fullPrompt, "off"),
        ])
    func rules(request: Request, arm: Arm, reason: String) {
        #expect(request.decision == Decision(arm: arm, reason: Reason(rawValue: reason)))
    }

    @Test("shorten a request only if nothing speaks against it, in 20,000 generated cases")
    func property() {
        let seed: UInt64 = 7
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let modes: [Mode] = [.off, .audit, .on, .canary(percent: 30)]
        let outcomes: [Decision.Recognized] = [.task, .task, .noTask, .refused(.drift)]
        var shortened = 0
        for _ in 0..<20_000 {
            let request = Request(
                mode: modes.randomElement(using: &random)!, killSwitch: Int.random(in: 0..<4, using: &random) == 0,
                bypass: Int.random(in: 0..<4, using: &random) == 0,
                recognized: outcomes.randomElement(using: &random)!,
                manifestMatches: Int.random(in: 0..<4, using: &random) > 0,
                unsupported: Int.random(in: 0..<4, using: &random) == 0 ? ["tools"] : [],
                bucket: Int.random(in: 0..<10_000, using: &random))
            let isFree =
                !request.killSwitch && !request.bypass && request.recognized == .task && request.manifestMatches
                && request.unsupported.isEmpty && request.bucket < request.mode.internalizedBuckets
            #expect((request.decision.arm == .internalized) == isFree)
            #expect((request.decision.arm == .passthrough) == (request.recognized == .noTask))
            shortened += isFree ? 1 : 0
        }
        #expect(shortened > 500)
    }

    @Test("see a task without a mode as off")
    func flags() throws {
        var flags = Flags(modes: ["house": .canary(percent: 5)])
        #expect(flags.mode(of: "house") == .canary(percent: 5))
        #expect(flags.mode(of: "other") == .off)
        #expect(!flags.killSwitch)
        flags.modes["house"] = .on
        #expect(flags.mode(of: "house") == .on)
    }
}
