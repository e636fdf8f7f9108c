import Foundation

/// What a task's tuned model is still sent beside the query, in words.
func stageText(template share: Double, examples: Int) -> String {
    String(format: "still sends %.2f of the template and %d example%@", share, examples, examples == 1 ? "" : "s")
}
