import Engine
import HouseBooks
import Internalization
import Tuning

/// Everything that decides the demo task: its book, its base model, its tuning. Two of them are kept.
struct DemoRecipe {
    /// Size and seed of the book that is internalized.
    var bookSize = Book.Size.full
    var bookSeed = HouseTask.bookSeed
    /// The base model.
    var hiddenSize = 128
    var layerCount = 4
    var vocabularySize = 1_408
    var baseSeed: UInt64 = 1
    var baseSteps: Int
    var baseRate: Float = 1e-3
    var sequencesPerStep = 4
    /// Steps of the rate's decay at the end.
    var decaySteps: Int
    /// The first step of each of `BaseLesson.levels` that the base model goes through.
    var curriculum: [(firstStep: Int, level: Int)]
    /// Rows of the splits; the training rows are also the example bank that the gateway knows.
    var trainRows = 1_200
    var devRows = 200
    var testRows = 600
    /// The tuning of every arm.
    var tuning = Recipe()

    /// The shipped one, hours of two cores.
    static let shipped = DemoRecipe(
        baseSteps: 5_800, decaySteps: 600, curriculum: [(0, 0), (3_400, 1), (4_900, 2), (5_200, 3), (5_400, 4)])

    /// A much smaller one, minutes: a book of 2 functions and 3 names of each kind, and a base that only learns the
    /// form of an answer. It shows that the pipeline works, not that the base can read.
    static let small: DemoRecipe = {
        var recipe = DemoRecipe(baseSteps: 150, decaySteps: 75, curriculum: [(0, 1)])
        recipe.bookSize = BaseLesson.levels[1].size
        recipe.hiddenSize = 64
        recipe.layerCount = 2
        recipe.vocabularySize = 1_024
        recipe.baseRate = 2e-3
        recipe.trainRows = 160
        recipe.devRows = 20
        recipe.testRows = 60
        recipe.tuning.examples = 3
        recipe.tuning.epochs = 40
        recipe.tuning.rate = 3e-3
        recipe.tuning.rank = 16
        recipe.tuning.alpha = 32
        return recipe
    }()

    /// How the base model's weights are found.
    var basePlan: BaseRun.Plan {
        var plan = BaseRun.Plan(
            seed: baseSeed, steps: baseSteps,
            schedule: RateSchedule(
                peak: baseRate, warmUpSteps: min(100, baseSteps / 10), totalSteps: baseSteps, decaySteps: decaySteps,
                finalShare: 0.05),
            weightDecay: 0.01)
        plan.examinationInterval = 100
        return plan
    }

    /// The shape of the base model; `endToken` ends an answer.
    func model(vocabularySize: Int, endToken: Int32) -> ModelConfig {
        ModelConfig(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize, intermediateSize: hiddenSize * 3,
            layerCount: layerCount, headCount: hiddenSize / 32, keyValueHeadCount: hiddenSize / 64, headSize: 32,
            maximumPositions: 2_048, endTokens: [endToken])
    }

    /// The task: its book and its questions.
    var task: HouseTask { HouseTask(bookSeed: bookSeed, size: bookSize) }
}
