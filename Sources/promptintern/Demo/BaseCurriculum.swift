import HouseBooks
import Internalization
import Randomness
import Tuning

/// What the demo's base model is trained on: random house books, from small ones to full prompts.
///
/// Each level starts at a fixed step. Mostly the current level; a fifth from the one below, so that it is not
/// forgotten.
struct BaseCurriculum: BaseSource {
    let lesson: BaseLesson
    let seed: UInt64
    let sequencesPerStep: Int
    /// The first step of each level, ascending.
    let levels: [(firstStep: Int, level: Int)]

    private static let segments = 24

    /// The lessons of a step.
    func batch(step: Int, threads: Int) throws -> [PackedSequence] {
        let level = level(at: step)
        return try (0..<sequencesPerStep).map { index in
            var random = SplitMix64(seed: seed &+ 1 &+ UInt64(step) &* 1_000 &+ UInt64(index))
            let below = random.below(5) == 0
            let chosen = max(levels[0].level, below ? level - 1 : level)
            return try lesson.lesson(level: chosen, segments: Self.segments, random: &random)
        }
    }

    /// Questions about books that no lesson shows.
    func examination(after step: Int) throws -> [PackedSequence] {
        try (0..<4).map { index in
            var random = SplitMix64(seed: (1 << 62) &+ UInt64(step - 1) &* 1_000 &+ UInt64(index))
            return try lesson.examination(level: level(at: step - 1), segments: Self.segments, random: &random)
        }
    }

    /// The level of a step.
    private func level(at step: Int) -> Int {
        levels.last { $0.firstStep <= step }?.level ?? 0
    }
}
