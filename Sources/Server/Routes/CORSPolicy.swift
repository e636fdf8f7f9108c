import Gateway

/// Which web pages may read the answers; without one, the upstream's own fields go through and no preflight is
/// answered.
public struct CORSPolicy: Sendable, Hashable {
    private let origins: Set<String>
    private let allowsAll: Bool

    /// A policy for these origins, such as `https://app.example`; `*` stands for every one.
    public init(origins: [String]) {
        self.origins = Set(origins.map { $0.lowercased() })
        allowsAll = origins.contains("*")
    }

    /// Whether a page from there may read answers.
    func allows(_ origin: String) -> Bool { allowsAll || origins.contains(origin.lowercased()) }

    /// The fields of an answer to a page from there.
    func fields(for origin: String) -> HeaderFields {
        guard allows(origin) else { return [("vary", "origin")] }
        return [
            ("access-control-allow-origin", allowsAll ? "*" : origin), ("access-control-expose-headers", "*"),
            ("vary", "origin"),
        ]
    }

    /// The further fields of an answer to a preflight request, which carries no key; nil if the request is none.
    func preflight(_ method: String, _ fields: HeaderFields, from origin: String) -> HeaderFields? {
        guard method == "OPTIONS", let wanted = fields.first(named: "access-control-request-method") else { return nil }
        guard allows(origin) else { return [] }
        var answer: HeaderFields = [
            ("access-control-allow-methods", wanted), ("access-control-max-age", "600"),
        ]
        if let names = fields.first(named: "access-control-request-headers") {
            answer.append(("access-control-allow-headers", names))
        }
        return answer
    }

    /// The answer's own fields without those that this policy decides.
    static func without(_ fields: HeaderFields) -> HeaderFields {
        fields.filter { !$0.name.lowercased().hasPrefix("access-control-") }
    }
}
