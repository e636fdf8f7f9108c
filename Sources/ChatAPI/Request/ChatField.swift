/// The fields of a chat completion request that this module knows, spelled as on the wire.
enum ChatField: String, CaseIterable {
    static let table = JSONKeyTable<ChatField>()

    case model, messages, stream, temperature, seed, stop, n, user, logprobs, tools, functions, modalities, audio
    case prediction, verbosity, store, metadata, moderation
    case streamOptions = "stream_options"
    case topP = "top_p"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case frequencyPenalty = "frequency_penalty"
    case presencePenalty = "presence_penalty"
    case topLogprobs = "top_logprobs"
    case responseFormat = "response_format"
    case toolChoice = "tool_choice"
    case parallelToolCalls = "parallel_tool_calls"
    case functionCall = "function_call"
    case logitBias = "logit_bias"
    case reasoningEffort = "reasoning_effort"
    case webSearchOptions = "web_search_options"
    case serviceTier = "service_tier"
    case safetyIdentifier = "safety_identifier"
    case promptCacheKey = "prompt_cache_key"
    case promptCacheRetention = "prompt_cache_retention"
    case promptCacheOptions = "prompt_cache_options"
}
