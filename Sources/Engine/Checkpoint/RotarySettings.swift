/// The rotary base and scaling of a `config.json`: `rope_parameters` (transformers 5), or `rope_theta` and
/// `rope_scaling` (4).
struct RotarySettings {
    var theta: Float
    var scaling = RotaryScaling.none

    init(_ file: ConfigFile, maximumPositions: Int) throws(EngineError) {
        theta = try file.number("rope_theta") ?? 10_000
        try Self.requireWhole(file)
        for key in ["rope_scaling", "rope_parameters"] {
            guard let rope = try file.object(key) else { continue }
            try Self.requireWhole(rope)
            theta = try rope.number("rope_theta") ?? theta
            let typeKey = rope.value("rope_type") == .null ? "type" : "rope_type"
            switch try rope.string(typeKey) {
            case nil, "default": try rope.requireOff("factor")
            case "linear": scaling = .linear(factor: try Self.factor(rope))
            case "llama3":
                let outer = try file.integer("original_max_position_embeddings", in: 1...1_048_576)
                let inner = try rope.integer("original_max_position_embeddings", in: 1...1_048_576)
                scaling = .llama3(try Self.llama3(rope, originalPositions: outer ?? inner ?? maximumPositions))
            case let type?:
                throw rope.unsupported(
                    typeKey, "is \(type.prefix(60).debugDescription); only \"default\", \"linear\" and \"llama3\" are")
            }
        }
        guard theta > 0 else { throw file.wrong("rope_theta", "\(theta) is not positive") }
    }

    private static func llama3(_ rope: ConfigFile, originalPositions: Int) throws(EngineError) -> RotaryScaling.Llama3 {
        guard let low = try rope.number("low_freq_factor"), low > 0 else {
            throw rope.wrong("low_freq_factor", "a positive number is expected")
        }
        guard let high = try rope.number("high_freq_factor"), high > low else {
            throw rope.wrong("high_freq_factor", "a number above low_freq_factor, \(low), is expected")
        }
        return RotaryScaling.Llama3(
            factor: try factor(rope), lowFrequencyFactor: low, highFrequencyFactor: high,
            originalPositions: originalPositions)
    }

    private static func factor(_ rope: ConfigFile) throws(EngineError) -> Float {
        guard let factor = try rope.number("factor"), factor >= 1 else {
            throw rope.wrong("factor", "a number of at least 1 is expected")
        }
        return factor
    }

    private static func requireWhole(_ file: ConfigFile) throws(EngineError) {
        if let share = try file.number("partial_rotary_factor"), share != 1 {
            throw file.unsupported("partial_rotary_factor", "is \(share); only 1 is")
        }
    }
}
