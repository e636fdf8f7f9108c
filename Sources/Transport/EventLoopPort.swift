/// A thread that serves sockets, and on which plain exchanges may live: who asks from this thread is answered on it, and
/// no other thread takes part.
///
/// All events of a connection come on the port's thread, one at a time, and but for `lost` never
/// from within a call of its `LoopLink`.
public protocol EventLoopPort: Sendable {
    /// Whether the calling thread is the port's.
    var isCurrent: Bool { get }
    /// Runs the work on the port's thread, soon, and not before this call returns. Any thread may ask.
    func execute(_ work: @escaping @Sendable () -> Void)
    /// Runs the work on the port's thread once the time is over. Any thread may ask.
    func schedule(after time: Duration, _ work: @escaping @Sendable () -> Void)
    /// Starts to connect to the address (4 or 16 bytes in network order). Only on the port's thread.
    func connect(to address: [UInt8], port: Int, _ events: any LoopLinkEvents) -> any LoopLink
}

/// A connection that a port watches. Only for use on the port's thread.
public protocol LoopLink: AnyObject {
    /// Sends the bytes as soon as the system takes them, then says `drained`; only one such call at a time.
    func write(_ bytes: ArraySlice<UInt8>)
    /// Whether what arrives is read; the end of the connection may be read even while it is not.
    func setReading(_ isOn: Bool)
    /// Closes the connection; no event follows.
    func close()
}

/// What a connection tells whoever uses it, on the port's thread.
public protocol LoopLinkEvents: AnyObject {
    /// The connection stands. The descriptor may be sent on, but not closed, until `lost` or `close`.
    func connected(_ descriptor: Int32)
    /// Bytes have arrived.
    func received(_ bytes: Span<UInt8>)
    /// For now nothing more arrives; says how soon whoever waits for it should have what came.
    func receivedAll() -> LoopNews
    /// What `write` was given is sent.
    func drained()
    /// The connection is gone, and with it the descriptor; `ended` follows. Comes from within a call too.
    func lost()
    /// The connection is over, or could not be made; `isBroken`: by an error, not by the other side's closing it.
    func ended(isBroken: Bool)
}

/// What has arrived on a connection.
public enum LoopNews: Sendable {
    /// The beginning of an answer that somebody waits for: it is worth a turn of its own.
    case beginning
    /// A piece of an answer that goes on: it should be on its way before many others are looked at.
    case piece
    /// Anything else.
    case other
}
