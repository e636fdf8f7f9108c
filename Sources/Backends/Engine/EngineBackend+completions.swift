import ChatAPI
import Engine
import Gateway
import Tokenization

extension EngineBackend {
    /// Answers `POST /v1/completions`: text as it stands, without a chat template, or token ids.
    func complete(_ request: BackendRequest) async throws(BackendError) -> Reply {
        let body: CompletionRequest
        do throws(RequestError) {
            body = try CompletionRequest(request.body)
        } catch {
            throw Self.refused(APIError(error))
        }
        try Self.check(body.sampling, model: body.model)
        try checkModel(request.model, asked: body.model)
        var prompts: [EnginePrompt] = []
        for prompt in body.prompts {
            let tokens = try tokens(of: prompt, param: "prompt")
            let echo = body.echo ? text(of: prompt) : nil
            prompts.append(EnginePrompt(tokens: tokens, param: "prompt", echo: echo))
        }
        let answers = try start(prompts, body.sampling, request, keepsPrefix: body.cachesPrompt)
        return try await answers.reply(
            CompletionEncoder(id: "cmpl-" + request.id, created: Self.now, model: body.model, shape: .text),
            stream: body.stream, includeUsage: body.includeUsage)
    }

    /// A prompt's tokens: text gets the ids that the tokenizer puts before one, and never a control token; ids are
    /// taken as they are.
    func tokens(of prompt: PromptInput, param: String) throws(BackendError) -> [Int32] {
        let tokens: [Int32]
        switch prompt {
        case .text(let text): tokens = tokenizer.prefixTokens + tokenizer.encode(text)
        case .tokens(let ids):
            if let id = ids.first(where: { Int($0) >= service.config.vocabularySize }) {
                throw Self.refused(
                    .invalidRequest(
                        "'\(param)' holds the token id \(id); this model's largest is "
                            + "\(service.config.vocabularySize - 1).", param: param, code: "invalid_value"))
            }
            tokens = ids
        }
        guard !tokens.isEmpty else {
            throw Self.refused(
                .invalidRequest("'\(param)' is empty: send at least one token.", param: param, code: "invalid_value"))
        }
        return tokens
    }

    private func text(of prompt: PromptInput) -> [UInt8] {
        switch prompt {
        case .text(let text): text
        case .tokens(let ids): tokenizer.decode(ids)
        }
    }
}
