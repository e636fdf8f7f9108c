import Foundation
import TestSupport
import Testing

@testable import FineTuning

@Suite("Fine-tuning runs", .serialized, .timeLimit(.minutes(1)))
struct FineTuningRunTests {
    @Test("stages are trained one from another, every event is shown once and in order, and a second run asks nothing")
    func wholeRun() async throws {
        let fixture = try FineTuningFixture()
        let log = UpdateLog()
        let state = try await fixture.run { log.add($0) }
        #expect(fixture.isTrainedOnce)
        #expect(state.stages.map(\.model) == (0..<3).map { "ft:gpt-test:org:stage:ftjob-\($0)" })
        #expect(state.stages.map(\.trainedTokens) == [1_000, 1_000, 1_000])
        for stage in 0..<3 {
            let events = log.all.compactMap { update -> FineTuningEvent? in
                if case .event(stage, let event) = update { event } else { nil }
            }
            #expect(events.map(\.id) == (0..<6).map { "ftevent-\(stage)-\($0)" })
            #expect(events.last?.metrics?.step == 4 && events.last?.metrics?.totalSteps == 4)
            #expect(events.first?.metrics?.step == nil)
        }
        let request = try #require(
            JSONSerialization.jsonObject(with: Data(fixture.provider.jobs[1].request.utf8)) as? [String: Any])
        #expect(request["suffix"] as? String == "books-1" && request["seed"] as? Int == 7)
        let method = try #require(request["method"] as? [String: Any])
        let supervised = try #require(method["supervised"] as? [String: [String: Any]])
        #expect(method["type"] as? String == "supervised" && supervised["hyperparameters"]?["n_epochs"] as? Int == 2)
        #expect(supervised["hyperparameters"]?.keys.contains("batch_size") == false)
        let asked = fixture.provider.requests.count
        #expect(try await fixture.run() == state)
        #expect(fixture.provider.requests.count == asked)
    }

    static let requests = [
        "POST /v1/files", "POST /v1/fine_tuning/jobs", "GET /v1/fine_tuning/jobs/ftjob-1",
        "GET /v1/fine_tuning/jobs/ftjob-1/events",
    ]

    @Test(
        "what fails for a moment is tried again, and no job is made twice", arguments: requests,
        ["429", "429 later", "500", "503", "reset", "acted, then reset", "acted, then 500"])
    func faults(_ request: String, _ name: String) async throws {
        let fixture = try FineTuningFixture()
        let fault: ScriptedProvider.Fault =
            switch name {
            case "429": .answer(429, code: "rate_limit_exceeded")
            case "429 later": .answer(429, code: nil, headers: [("Retry-After", "1")])
            case "500": .answer(500)
            case "503": .answer(503)
            case "reset": .reset
            case "acted, then reset": .resetAfterActing
            default: .errorAfterActing
            }
        fixture.provider.fail(request, fault)
        fixture.provider.fail(request, fault)
        let state = try await fixture.run()
        #expect(state.stages.last?.model == "ft:gpt-test:org:stage:ftjob-2")
        #expect(fixture.isTrainedOnce, "\(fixture.provider.jobs.map(\.model))")
    }

    @Test("a run that is stopped after any request goes on where it was, and makes no job twice")
    func resuming() async throws {
        let whole = try FineTuningFixture()
        _ = try await whole.run()
        let count = whole.provider.requests.count
        for stop in 0..<count {
            let fixture = try FineTuningFixture()
            fixture.provider.breakAfter(stop)
            await #expect(throws: FineTuningError.self) { try await fixture.run(attempts: 1) }
            fixture.provider.breakAfter(nil)
            let state = try await fixture.run()
            #expect(state.stages.last?.model == "ft:gpt-test:org:stage:ftjob-2" && fixture.isTrainedOnce, "\(stop)")
        }
    }

    @Test("a job whose creation was never answered is found again by its mark")
    func unansweredCreation() async throws {
        let fixture = try FineTuningFixture()
        fixture.provider.fail("POST /v1/fine_tuning/jobs", .resetAfterActing)
        fixture.provider.fail("GET /v1/fine_tuning/jobs?", .reset)
        await #expect(throws: FineTuningError.self) { try await fixture.run(attempts: 1) }
        #expect(fixture.provider.jobs.count == 1)
        let log = UpdateLog()
        _ = try await fixture.run { log.add($0) }
        #expect(log.all.contains(.job(stage: 0, id: "ftjob-0", isResumed: true)))
        #expect(fixture.isTrainedOnce)
    }

    @Test(
        "a job that ends badly says why, and the next run makes one new job for that stage",
        arguments: ["failed", "cancelled"])
    func badEnds(_ end: String) async throws {
        let fixture = try FineTuningFixture(ends: ["succeeded", end])
        let error = await #expect(throws: FineTuningError.self) { try await fixture.run() }
        let text = error?.description ?? ""
        #expect(text.contains("ftjob-1") && text.contains(end) && text.contains("run the command again"))
        if end == "failed" { #expect(text.contains("the data made no sense")) }
        let state = try await fixture.run()
        let models = fixture.provider.jobs.map(\.model)
        #expect(models.suffix(2) == ["ft:gpt-test:org:stage:ftjob-0", "ft:gpt-test:org:stage:ftjob-2"])
        #expect(state.stages.last?.model == "ft:gpt-test:org:stage:ftjob-3" && fixture.provider.fileCount == 3)
    }

    @Test("a file that the provider no longer has is uploaded again by the next run")
    func lostFile() async throws {
        let fixture = try FineTuningFixture()
        fixture.provider.fail("POST /v1/fine_tuning/jobs", .answer(401))
        await #expect(throws: FineTuningError.self) { try await fixture.run() }
        fixture.provider.forgetFiles()
        await #expect(throws: FineTuningError.self) { try await fixture.run() }
        _ = try await fixture.run()
        #expect(fixture.isTrainedOnce)
    }

    @Test("no error, and not the state file, holds the key; what waiting cannot help is not tried again")
    func refusals() async throws {
        let fixture = try FineTuningFixture()
        let wrong = "sk-wrong-canary-987"
        let error = await #expect(throws: FineTuningError.self) { try await fixture.run(key: wrong) }
        #expect(error?.description.contains("401 (invalid_api_key)") == true)
        #expect(error?.description.contains(wrong) == false && fixture.provider.requests.count == 1)
        fixture.provider.fail("POST /v1/files", .answer(429, code: "insufficient_quota"))
        let quota = await #expect(throws: FineTuningError.self) { try await fixture.run() }
        #expect(quota?.description.contains("insufficient_quota") == true && fixture.provider.requests.count == 2)
        fixture.provider.fail("GET /v1/fine_tuning/jobs/ftjob-0", .garbage)
        let garbage = await #expect(throws: FineTuningError.self) { try await fixture.run() }
        #expect(garbage?.description.contains("not what the API reference describes") == true)
        let state = try String(contentsOfFile: fixture.statePath, encoding: .utf8)
        #expect(!state.contains(ScriptedProvider.key) && state.contains("ftjob-0"))
    }

    @Test("a state file of other data, of another provider, or damaged is refused with what to do")
    func foreignState() async throws {
        let fixture = try FineTuningFixture()
        _ = try await fixture.run()
        var other = fixture.plan
        other.stages[1].sha256 = "changed"
        let error = await #expect(throws: FineTuningError.self) { try await fixture.run(other) }
        #expect(error?.description.contains("belongs to other data") == true)
        _ = try fixture.folder.write("{", to: "fine-tuning.json")
        let damaged = await #expect(throws: FineTuningError.self) { try await fixture.run() }
        #expect(damaged?.description.hasPrefix(fixture.statePath) == true)
        #expect(throws: FineTuningError.self) {
            try FineTuningState(provider: "a", plan: fixture.plan).save(fixture.statePath)
            _ = try FineTuningState.load(fixture.statePath, provider: "b", plan: fixture.plan)
        }
    }
}

@Suite("Requests to a provider")
struct ProviderRequestTests {
    @Test("a form has its fields and files as RFC 7578 writes them")
    func form() {
        var form = MultipartForm(boundary: "b")
        form.add("purpose", "fine-tune")
        form.add("file", file: "a.jsonl", type: "application/jsonl", Array("{}\r\n--c".utf8))
        #expect(form.contentType == "multipart/form-data; boundary=b")
        #expect(
            String(decoding: form.body, as: UTF8.self)
                == "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n"
                + "Content-Type: application/jsonl\r\n\r\n{}\r\n--c\r\n--b--\r\n")
    }

    @Test("waits double up to the longest, and follow the provider's wish as far as that")
    func waits() {
        let schedule = RetrySchedule(attempts: 9, first: .seconds(1), longest: .seconds(10))
        for (attempt, most) in [(0, 1), (1, 2), (2, 4), (3, 8), (4, 10), (60, 10)] {
            let wait = schedule.wait(after: attempt, asked: nil)
            #expect(wait <= .seconds(most) && wait >= .milliseconds(most * 500))
        }
        #expect(schedule.wait(after: 0, asked: .seconds(3)) == .seconds(3))
        #expect(schedule.wait(after: 0, asked: .seconds(300)) == .seconds(10))
        #expect(schedule.wait(after: 0, asked: .seconds(-1)) == .zero)
    }
}
