/// Which modules an `adapter_config.json` adapts, and with which rank and alpha, by PEFT's rules.
struct LoRATargets {
    private enum Names {
        case all
        case ends([String])
        case pattern(ModulePattern)

        /// A list names modules by their end; a text is a pattern of the whole name.
        func contains(_ name: String) -> Bool {
            switch self {
            case .all: true
            case .ends(let ends): ends.contains { name == $0 || name.hasSuffix(".\($0)") }
            case .pattern(let pattern): pattern.matches(name)
            }
        }
    }

    private let targets: Names
    private let excluded: Names
    private let layers: Set<Int>?
    private let ranks: [(pattern: ModulePattern, value: Int)]
    private let alphas: [(pattern: ModulePattern, value: Float)]

    init(_ file: ConfigFile) throws(EngineError) {
        targets = try Self.names(file, "target_modules")
        excluded = try Self.names(file, "exclude_modules")
        layers = try Self.layers(file)
        if layers != nil, case .string = file.value("target_modules") {
            throw file.unsupported("layers_to_transform", "stands beside a target_modules that is no list")
        }
        for other in ["lm_head", "model.embed_tokens"] where targets.contains(other) && !excluded.contains(other) {
            if case .all = targets { continue }
            throw file.unsupported("target_modules", "names \(other); only the linear layers of decoder layers are")
        }
        // PEFT takes the first key that fits, and writes its configs with sorted keys.
        var ranks: [(pattern: ModulePattern, value: Int)] = []
        for (pattern, key, values) in try Self.patterns(file, "rank_pattern") {
            guard let rank = try values.integer(key, in: 1...16_384) else { throw values.wrong(key, "it is null") }
            ranks.append((pattern, rank))
        }
        self.ranks = ranks
        var alphas: [(pattern: ModulePattern, value: Float)] = []
        for (pattern, key, values) in try Self.patterns(file, "alpha_pattern") {
            guard let alpha = try values.number(key) else { throw values.wrong(key, "it is null") }
            alphas.append((pattern, alpha))
        }
        self.alphas = alphas
    }

    /// Rank and alpha of a module, nil when it is not adapted; the general ones where no pattern fits.
    func size(layer: Int, _ projection: Projection, rank: Int, alpha: Float) -> LoRAAdapter.Size? {
        let name = "model.layers.\(layer).\(projection.rawValue)"
        guard targets.contains(name), !excluded.contains(name), layers?.contains(layer) ?? true else { return nil }
        return LoRAAdapter.Size(
            rank: ranks.first { $0.pattern.matchesEnd(of: name) }?.value ?? rank,
            alpha: alphas.first { $0.pattern.matchesEnd(of: name) }?.value ?? alpha)
    }

    private static func names(_ file: ConfigFile, _ key: String) throws(EngineError) -> Names {
        switch file.value(key) {
        case .null: return .ends([])
        case .string(let text) where key == "target_modules" && text.lowercased() == "all-linear": return .all
        case .string(let text): return .pattern(try pattern(text, file, key))
        case .array(let values):
            var names: [String] = []
            for value in values {
                guard case .string(let name) = value else {
                    throw file.wrong(key, "a list of module names is expected, not one with \(value.summary)")
                }
                names.append(name)
            }
            return .ends(names)
        case let other: throw file.wrong(key, "a list of module names or a pattern is expected, not \(other.summary)")
        }
    }

    private static func layers(_ file: ConfigFile) throws(EngineError) -> Set<Int>? {
        let key = "layers_to_transform"
        let values: [ConfigValue]
        switch file.value(key) {
        case .null: return nil
        case .array(let list): values = list
        case let one: values = [one]
        }
        var layers: Set<Int> = []
        for value in values {
            guard case .number(let number) = value, let layer = Int(exactly: number), layer >= 0 else {
                throw file.wrong(key, "\(value.summary) is not the number of a layer")
            }
            layers.insert(layer)
        }
        switch file.value("layers_pattern") {
        case .null, .string("layers"), .string(""), .array([]), .array([.string("layers")]): break
        case let other: throw file.unsupported("layers_pattern", "is \(other.summary); only \"layers\" is")
        }
        return layers.isEmpty ? nil : layers
    }

    private static func patterns(
        _ file: ConfigFile, _ key: String
    ) throws(EngineError) -> [(ModulePattern, String, ConfigFile)] {
        guard let object = try file.object(key) else { return [] }
        guard object.members.count <= 10_000 else { throw file.wrong(key, "it has more than 10000 members") }
        var patterns: [(ModulePattern, String, ConfigFile)] = []
        let names = object.members.keys.sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        for name in names { patterns.append((try pattern(name, file, key), name, object)) }
        return patterns
    }

    private static func pattern(_ text: String, _ file: ConfigFile, _ key: String) throws(EngineError) -> ModulePattern
    {
        do {
            return try ModulePattern(text)
        } catch {
            throw file.unsupported(key, "has a pattern in which \(error.reason)")
        }
    }
}
