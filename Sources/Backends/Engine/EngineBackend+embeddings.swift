import ChatAPI
import Engine
import Gateway

extension EngineBackend {
    /// Answers `POST /v1/embeddings` with the mean of the final hidden states of each input's tokens.
    ///
    /// These are the states that the output head reads, after the last norm; they are not scaled to length 1. A model
    /// that was trained to generate makes weak embeddings this way.
    func embed(_ request: BackendRequest) async throws(BackendError) -> Reply {
        let body: EmbeddingRequest
        do throws(RequestError) {
            body = try EmbeddingRequest(request.body)
        } catch {
            throw Self.refused(APIError(error))
        }
        try checkModel(request.model, asked: body.model)
        var inputs: [[Int32]] = []
        for input in body.inputs { inputs.append(try tokens(of: input, param: "input")) }
        let context = service.config.maximumPositions
        guard let longest = inputs.map(\.count).max(), longest <= context else {
            throw Self.refused(
                .invalidRequest(
                    "An input has more tokens than this model's context of \(context).", param: "input",
                    code: "context_length_exceeded"))
        }
        let counter = TokenCounter(prompt: inputs.reduce(0) { $0 + $1.count })
        var vectors: [[Float]] = []
        do {
            for input in inputs { vectors.append(try await service.embed(input, adapter: adapter(request.model))) }
        } catch let error as EngineError {
            throw BackendError(error, backend: name, wasSent: false)
        } catch {
            throw BackendError(.cancelled, wasSent: true, answer: .overloaded("The answer was given up."))
        }
        let encoder = CompletionEncoder(id: "", created: 0, model: body.model, shape: .text)
        let bytes = encoder.embeddings(vectors, base64: body.encoding == .base64, promptTokens: counter.prompt)
        return Reply(
            status: 200, headers: [("content-type", "application/json"), ("content-length", String(bytes.count))],
            body: ReplyStream(bytes), counted: counter)
    }
}
