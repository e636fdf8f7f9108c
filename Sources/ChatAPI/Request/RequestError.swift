/// Why a body cannot be taken as a chat completion request at all; it names the parameter and never its value.
public struct RequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The class of the fault, spelled as in the `code` of the error body.
    public enum Code: String, Hashable, Sendable {
        /// The body is not JSON.
        case invalidJSON = "invalid_json"
        /// A required parameter is not there.
        case missingParameter = "missing_required_parameter"
        /// A parameter has another type than it must have.
        case invalidType = "invalid_type"
        /// A parameter has the right type and a value that cannot be.
        case invalidValue = "invalid_value"
        /// A key stands twice in one object, so that readers may differ on which value counts.
        case duplicateParameter = "duplicate_parameter"
    }

    /// What is wrong and what is expected, in a sentence.
    public let message: String
    /// The path of the parameter, such as `messages[2].role`; nil if the whole body is meant.
    public let param: String?
    /// The class of the fault.
    public let code: Code

    /// The message.
    public var description: String { message }

    init(_ code: Code, _ param: String?, _ message: String) {
        self.code = code
        self.param = param
        self.message = message
    }

    init(_ error: JSONError) {
        self.init(.invalidJSON, nil, error.description)
    }

    static func missing(_ param: String) -> RequestError {
        RequestError(.missingParameter, param, "Missing required parameter: '\(param)'.")
    }

    static func duplicate(_ param: String) -> RequestError {
        RequestError(.duplicateParameter, param, "The key '\(param)' stands twice; send it once.")
    }
}
