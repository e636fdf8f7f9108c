import ChatAPI
import Synchronization

/// Bounds the time in which a tuned model's stream has to bring its first text.
enum FirstTextDeadline {
    private final class Bell: Sendable {
        let hasRung = Atomic(false)
    }

    /// The confirmed answer; throws `firstByteTimeout` if there was no text by `deadline`, and ends the work behind it.
    static func confirm(
        _ reply: Reply, by deadline: ContinuousClock.Instant
    ) async throws(BackendError) -> Reply {
        let bell = Bell()
        let work = Task { () -> Result<Reply, BackendError> in
            do throws(BackendError) {
                return .success(try await TunedAnswer.confirm(reply))
            } catch {
                return .failure(error)
            }
        }
        let timer = Task {
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            bell.hasRung.store(true, ordering: .relaxed)
            work.cancel()
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        timer.cancel()
        if case .failure = result, bell.hasRung.load(ordering: .relaxed) {
            throw BackendError(
                .firstByteTimeout, wasSent: true, answer: .upstreamTimeout(),
                detail: "the tuned model's stream had no text in time")
        }
        return try result.get()
    }
}
