/// A task that waits for a value. Whoever holds it resumes it exactly once: less leaves the task there, more is a fault.
///
/// It is the system's own continuation. A checked one costs an object for each wait, thus for each chunk of a stream.
@safe struct WaitingTask<Value: Sendable>: Sendable {
    private let continuation: UnsafeContinuation<Value, Never>

    private init(_ continuation: UnsafeContinuation<Value, Never>) {
        unsafe self.continuation = continuation
    }

    /// Suspends the calling task until whoever `start` gives it to resumes it.
    static func value(_ start: (WaitingTask) -> Void) async -> Value {
        unsafe await withUnsafeContinuation { unsafe start(WaitingTask($0)) }
    }

    /// Lets the task go on with the value.
    func resume(returning value: consuming sending Value) {
        unsafe continuation.resume(returning: value)
    }
}
