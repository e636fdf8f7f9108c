/// What a progress display shows.
public enum FineTuningUpdate: Sendable, Equatable {
    /// A file is being uploaded; nil for the validation file.
    case uploading(stage: Int?, bytes: Int)
    /// A job was made, or found again after a stop.
    case job(stage: Int, id: String, isResumed: Bool)
    /// Where the job stands, after every look.
    case status(stage: Int, FineTuningJob)
    /// Something happened to the job.
    case event(stage: Int, FineTuningEvent)
    /// The stage's model is there.
    case finished(stage: Int, model: String)
}
