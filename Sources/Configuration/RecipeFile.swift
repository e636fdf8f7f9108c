import Foundation
public import Internalization

/// Reads a task's `recipe.yaml` (docs/training.md): how its adapter is trained, compared and promoted.
public enum RecipeFile {
    /// The file's name in a task folder.
    public static let name = "recipe.yaml"

    /// The recipe of a task folder; the usual one if it has no file.
    public static func load(taskFolder: String) throws(ConfigurationError) -> TaskRecipe {
        let path = taskFolder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return TaskRecipe() }
        return try RecipeFileReader(root: YAMLReader.load(path: path), folder: taskFolder).recipe()
    }
}

/// Turns the YAML of a recipe into values; whatever is wrong is an error with file, line and key.
struct RecipeFileReader {
    let root: YAMLReader
    let folder: String

    func recipe() throws(ConfigurationError) -> TaskRecipe {
        var recipe = TaskRecipe()
        let keys = try root.mapping(keys: [
            "training", "retrieval", "compressor", "force_tokens", "evaluation", "promotion",
        ])
        if let training = keys["training"] { try read(training, into: &recipe.training) }
        if let retrieval = keys["retrieval"] {
            let values = try retrieval.mapping(keys: ["method", "bank_ratio"])
            if let method = values["method"] {
                recipe.training.retrieval.method = try method.choice(RetrievalSettings.Method.self)
            }
            if let ratio = values["bank_ratio"] {
                recipe.training.retrieval.bankRatio = try ratio.double(in: 0.001...1)
            }
        }
        if let compressor = keys["compressor"] { recipe.compressor = try self.compressor(compressor) }
        if let forced = keys["force_tokens"] { recipe.forced = try forced.strings() }
        if let evaluation = keys["evaluation"] { try read(evaluation, into: &recipe.evaluation) }
        if let promotion = keys["promotion"] { try read(promotion, into: &recipe.promotion) }
        do throws(InternalizationError) { try recipe.training.validate() } catch {
            throw (keys["training"] ?? root).error(error.description, "see docs/training.md for what each key takes")
        }
        return recipe
    }

    private func read(_ value: YAMLReader, into recipe: inout Recipe) throws(ConfigurationError) {
        let keys = try value.mapping(keys: [
            "stages", "schedule", "examples", "epochs", "last_stage_share", "batch", "accumulation", "rate", "warm_up",
            "clip", "weight_decay", "rank", "alpha", "dropout", "seed", "reset_optimizer", "query_only_mix",
            "removal_smoothing",
            "distillation", "on_policy", "adaptive_patience", "patience", "evaluation_interval", "fixed_rate",
        ])
        if let schedule = keys["schedule"] { try read(schedule: schedule, into: &recipe) }
        if let stages = keys["stages"] { recipe.stages = try stages.int(in: 2...64) }
        if let examples = keys["examples"] { recipe.examples = try examples.int(in: 0...50) }
        if let epochs = keys["epochs"] { recipe.epochs = try epochs.int(in: 1...100_000) }
        if let share = keys["last_stage_share"] { recipe.lastStageShare = try share.double(in: 0...1) }
        if let batch = keys["batch"] { recipe.batch = try batch.int(in: 1...65_536) }
        if let parts = keys["accumulation"] { recipe.accumulation = try parts.int(in: 1...65_536) }
        if let rate = keys["rate"] { recipe.rate = Float(try rate.double(in: 1e-9...1)) }
        if let share = keys["warm_up"] { recipe.warmUp = try share.double(in: 0...1) }
        if let norm = keys["clip"] { recipe.clip = Float(try norm.double(in: 1e-6...1e6)) }
        if let decay = keys["weight_decay"] { recipe.weightDecay = Float(try decay.double(in: 0...1)) }
        if let rank = keys["rank"] {
            recipe.rank = try rank.int(in: 1...4_096)
            recipe.alpha = Float(2 * recipe.rank)
        }
        if let alpha = keys["alpha"] { recipe.alpha = Float(try alpha.double(in: 1e-3...1e5)) }
        if let share = keys["dropout"] { recipe.dropout = Float(try share.double(in: 0...0.99)) }
        if let seed = keys["seed"] { recipe.seed = UInt64(try seed.int(in: 0 ... .max)) }
        if let resets = keys["reset_optimizer"] { recipe.resetsOptimizer = try resets.bool() }
        if let smoothing = keys["removal_smoothing"] { recipe.removalSmoothing = try smoothing.double(in: 0...100) }
        if let patience = keys["adaptive_patience"] { recipe.adaptivePatience = try patience.int(in: 0...10_000) }
        if let patience = keys["patience"] { recipe.patience = try patience.int(in: 0...10_000) }
        if let interval = keys["evaluation_interval"] { recipe.evaluationInterval = try interval.int(in: 1...100_000) }
        if let rate = keys["fixed_rate"] { recipe.fixedRate = try rate.double(in: 0...1) }
        if let mix = keys["query_only_mix"] {
            var shares: [Double] = []
            for item in try mix.list() { shares.append(try item.double(in: 0...1)) }
            guard shares.count == 2 else {
                throw mix.error("it has \(shares.count) shares", "write two, as in [0.1, 1]")
            }
            recipe.queryOnlyMix = shares
        }
        if let distillation = keys["distillation"] {
            let values = try distillation.mapping(keys: ["weight", "top"])
            var own = Recipe.Distillation()
            if let weight = values["weight"] { own.weight = Float(try weight.double(in: 0...1)) }
            if let top = values["top"] { own.top = try top.int(in: 1...4_096) }
            recipe.distillation = own
        }
        if let onPolicy = keys["on_policy"] {
            let values = try onPolicy.mapping(keys: ["steps", "rate"])
            var own = Recipe.OnPolicy()
            if let steps = values["steps"] { own.steps = try steps.int(in: 1...100_000) }
            if let rate = values["rate"] { own.rate = Float(try rate.double(in: 1e-9...1)) }
            recipe.onPolicy = own
        }
    }

    private func read(schedule: YAMLReader, into recipe: inout Recipe) throws(ConfigurationError) {
        if schedule.isScalar {
            recipe.curve = try schedule.choice(RemovalCurve.self)
            return
        }
        var stages: [Stage] = []
        for item in try schedule.list() {
            let keys = try item.mapping(keys: ["template", "examples"])
            stages.append(
                Stage(
                    templateRate: try keys.required("template").double(in: 0...1),
                    exampleCount: try keys.required("examples").int(in: 0...50)))
        }
        recipe.list = stages
        recipe.stages = stages.count
        recipe.examples = stages.first?.exampleCount ?? 0
        do throws(InternalizationError) { _ = try recipe.resolvedStages() } catch {
            throw schedule.error(error.description, "see docs/training.md")
        }
    }

    private func compressor(_ value: YAMLReader) throws(ConfigurationError) -> TaskRecipe.Compressor {
        if value.isScalar {
            switch try value.string() {
            case "attribution": return .attribution
            case "self-information": return .selfInformation
            case "rules": return .rules
            default:
                throw value.error(
                    "it is no compressor",
                    "write attribution, self-information or rules, or a mapping with files or command")
            }
        }
        let entry = try value.mapping(keys: ["files", "command"]).single(of: ["files", "command"])
        if entry.name == "files" { return .files(folder + "/" + (try entry.value.nonEmptyString())) }
        let command = try entry.value.strings()
        guard !command.isEmpty else { throw entry.value.error("it is empty", "write the program and its arguments") }
        return .command(command)
    }

    private func read(_ value: YAMLReader, into evaluation: inout TaskRecipe.Evaluation) throws(ConfigurationError) {
        let keys = try value.mapping(keys: ["metrics", "unit", "pattern", "maximum_answer"])
        if let metrics = keys["metrics"] {
            evaluation.metrics = try metrics.strings()
            do throws(InternalizationError) { _ = try MetricTable.named(evaluation.metrics) } catch {
                throw metrics.error(error.description, "name metrics of that list")
            }
        }
        if let unit = keys["unit"] { evaluation.unit = try unit.choice(EvaluationItem.Unit.self) }
        if let pattern = keys["pattern"] {
            let text = try pattern.nonEmptyString()
            guard (try? FormatMatch(text)) != nil else {
                throw pattern.error("it is not a regular expression", "check its brackets and escapes")
            }
            evaluation.pattern = text
        }
        if let maximum = keys["maximum_answer"] { evaluation.maximumAnswer = try maximum.int(in: 1...65_536) }
    }

    private func read(_ value: YAMLReader, into thresholds: inout Promotion.Thresholds) throws(ConfigurationError) {
        let keys = try value.mapping(keys: ["margin", "minimum_rows", "control_override"])
        if let margin = keys["margin"] { thresholds.margin = try margin.double(in: 0...100) }
        if let rows = keys["minimum_rows"] { thresholds.minimumRows = try rows.int(in: 1...1_000_000_000) }
        if let reason = keys["control_override"] { thresholds.controlOverride = try reason.nonEmptyString() }
    }
}
