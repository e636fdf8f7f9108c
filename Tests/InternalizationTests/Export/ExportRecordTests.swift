import Foundation
import PromptSchema
import Testing

@testable import Internalization

@Suite("Export records")
struct ExportRecordTests {
    private let prompt = StagePrompts.Prompt(
        messages: [
            PromptMessage(role: .system, text: "Be \"brief\"."), PromptMessage(role: .user, text: "1/2?"),
            PromptMessage(role: .assistant, text: "0.5"), PromptMessage(role: .user, text: "é\n?"),
        ], answer: "= a( b )")

    @Test(
        "each tool gets the line that it documents",
        arguments: [
            (
                ExportTarget.openai, BedrockFamily.nova,
                #"{"messages":[{"content":"Be \"brief\".","role":"system"},{"content":"1/2?","role":"user"},"#
                    + #"{"content":"0.5","role":"assistant"},{"content":"é\n?","role":"user"},"#
                    + #"{"content":"= a( b )","role":"assistant"}]}"#
            ),
            (
                .axolotl, .nova,
                #"{"messages":[{"content":"Be \"brief\".","role":"system","train":false},"#
                    + #"{"content":"1/2?","role":"user","train":false},"#
                    + #"{"content":"0.5","role":"assistant","train":false},"#
                    + #"{"content":"é\n?","role":"user","train":false},"#
                    + #"{"content":"= a( b )","role":"assistant","train":true}]}"#
            ),
            (
                .trl, .nova,
                #"{"completion":[{"content":"= a( b )","role":"assistant"}],"#
                    + #""prompt":[{"content":"Be \"brief\".","role":"system"},{"content":"1/2?","role":"user"},"#
                    + #"{"content":"0.5","role":"assistant"},{"content":"é\n?","role":"user"}]}"#
            ),
            (
                .peft, .nova,
                #"{"answer":"= a( b )","messages":[{"content":"Be \"brief\".","role":"system"},"#
                    + #"{"content":"1/2?","role":"user"},{"content":"0.5","role":"assistant"},"#
                    + #"{"content":"é\n?","role":"user"}]}"#
            ),
            (
                .bedrock, .nova,
                #"{"messages":[{"content":[{"text":"1/2?"}],"role":"user"},"#
                    + #"{"content":[{"text":"0.5"}],"role":"assistant"},{"content":[{"text":"é\n?"}],"role":"user"},"#
                    + #"{"content":[{"text":"= a( b )"}],"role":"assistant"}],"#
                    + #""schemaVersion":"bedrock-conversation-2024","system":[{"text":"Be \"brief\"."}]}"#
            ),
            (
                .bedrock, .claude,
                #"{"messages":[{"content":"1/2?","role":"user"},{"content":"0.5","role":"assistant"},"#
                    + #"{"content":"é\n?","role":"user"},{"content":"= a( b )","role":"assistant"}],"#
                    + #""system":"Be \"brief\"."}"#
            ),
            (
                .bedrock, .text,
                #"{"completion":"= a( b )","prompt":"Be \"brief\".\n\n1/2?\n\n0.5\n\né\n?"}"#
            ),
        ])
    func shapes(_ target: ExportTarget, _ family: BedrockFamily, _ line: String) {
        #expect(String(decoding: ExportRecord(target: target, family: family).line(prompt), as: UTF8.self) == line)
    }

    @Test("a query alone has no system message in any shape")
    func queryOnly() {
        let alone = StagePrompts.Prompt(messages: [PromptMessage(role: .user, text: "q")], answer: "a")
        for family in BedrockFamily.allCases {
            let line = ExportRecord(target: .bedrock, family: family).line(alone)
            #expect(!String(decoding: line, as: UTF8.self).contains("system\""))
        }
    }
}

@Suite("Export checks")
struct ExportCheckTests {
    private func prompt(_ roles: [Role], answer: String = "a") -> StagePrompts.Prompt {
        StagePrompts.Prompt(messages: roles.map { PromptMessage(role: $0, text: "t") }, answer: answer)
    }

    private func refusal(
        _ target: ExportTarget, _ prompt: StagePrompts.Prompt, tokens: Int = 5, isExact: Bool = true
    ) -> String? {
        let check = ExportCheck(target: target, limits: ExportLimits(target, family: .nova))
        do throws(InternalizationError) {
            try check.check(prompt, tokens: tokens, isExact: isExact, path: "out/stage-1.jsonl", line: 7)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        "turns that a tool would refuse are named by file, line and key",
        arguments: [
            ([Role.assistant, .user], "messages[0].role\": is \"assistant\" where \"user\" has to stand"),
            ([.system, .user, .user], "messages[2].role\": is \"user\" where \"assistant\" has to stand"),
            ([.user, .system], "messages[1].role\": a system message has to stand first"),
            ([.system], "messages[0].role\": a user message has to follow"),
            ([.user, .assistant], "messages[1].role\": the answer follows another"),
            ([], "messages\": there is no message left"),
            ([.user, .tool], "messages[1].role\": is \"tool\""),
        ] as [([Role], String)])
    func turns(_ roles: [Role], _ reason: String) throws {
        let text = try #require(refusal(.bedrock, prompt(roles)))
        #expect(text.hasPrefix("out/stage-1.jsonl:7: key \"") && text.contains(reason), "\(text)")
    }

    @Test("turns that a tool takes pass", arguments: [[Role.user], [.system, .user], [.user, .assistant, .user]])
    func rightTurns(_ roles: [Role]) {
        for target in ExportTarget.allCases { #expect(refusal(target, prompt(roles)) == nil) }
        #expect(refusal(.openai, prompt([.user, .user])) == nil)
    }

    @Test("a row that is too long says how long it is, and whether that was counted")
    func tokens() throws {
        let counted = try #require(refusal(.openai, prompt([.user]), tokens: 65_537))
        #expect(counted.contains("65537 tokens; openai takes at most 65536"))
        let estimated = try #require(refusal(.bedrock, prompt([.user]), tokens: 32_001, isExact: false))
        #expect(estimated.contains("about 32001 tokens"))
        #expect(refusal(.openai, prompt([.user]), tokens: 65_536) == nil)
        #expect(refusal(.peft, prompt([.user]), tokens: 1_000_000) == nil)
        #expect(try #require(refusal(.trl, prompt([.user], answer: ""))).contains("the answer is empty"))
    }

    @Test(
        "a file has as many rows and bytes as the provider takes",
        arguments: [
            (ExportTarget.openai, BedrockFamily.nova, 9, 100, "has 9 rows; openai needs at least 10"),
            (.openai, .nova, 10, 512_000_001, "has 512000001 bytes; openai takes at most 512000000"),
            (.bedrock, .nova, 7, 100, "needs at least 8"), (.bedrock, .claude, 31, 100, "needs at least 32"),
            (.bedrock, .claude, 10_001, 100, "takes at most 10000"), (.trl, .nova, 0, 0, "needs at least 1"),
        ])
    func files(_ target: ExportTarget, _ family: BedrockFamily, _ rows: Int, _ bytes: Int, _ reason: String) {
        let check = ExportCheck(target: target, limits: ExportLimits(target, family: family))
        let error = #expect(throws: InternalizationError.self) {
            try check.check(path: "out/f.jsonl", rows: rows, bytes: bytes)
        }
        #expect(error?.description.hasPrefix("out/f.jsonl: ") == true)
        #expect(error?.description.contains(reason) == true)
        #expect(throws: Never.self) { try check.check(path: "out/f.jsonl", rows: 100, bytes: 100) }
    }
}
