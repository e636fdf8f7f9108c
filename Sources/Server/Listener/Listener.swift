import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One HTTP/1.1 listener, as a service: it listens until it is asked to stop, then lets requests under way finish.
struct Listener: Service {
    let name: String
    /// Called with the address once clients can connect.
    let onListening: @Sendable (String) async -> Void
    /// Called when a stop was asked for, before the listener closes.
    let onStopping: @Sendable () -> Void
    let shared: ConnectionContext
    let loops: ServerLoops

    private var options: ListenOptions { shared.options }

    func run() async throws {
        let server = ClientConnections(shared: shared, executors: loops.executors).server(
            configuration: ServerConfiguration(
                address: .hostname(options.host, port: options.port), backlog: 1024),
            onServerRunning: { channel in
                await onListening(ListenOptions.address(host: options.host, port: channel.localAddress?.port ?? 0))
            },
            eventLoopGroup: loops.group, logger: Self.quiet)
        do {
            try await withGracefulShutdownHandler {
                try await server.run()
            } onGracefulShutdown: {
                onStopping()
            }
        } catch let error as IOError {
            throw failure(error)
        } catch let error as SocketAddressError {
            throw ServerError(
                .cannotListen,
                "\(name) cannot listen on \(options.address): \(error); give a host name or address of this machine")
        }
    }

    /// The framework reports what this module reports better.
    static let quiet: Logger = {
        var logger = Logger(label: "promptintern.listener")
        logger.logLevel = .critical
        return logger
    }()

    private func failure(_ error: IOError) -> ServerError {
        if error.errnoCode == EADDRINUSE {
            return ServerError(
                .addressInUse,
                "\(name) cannot listen on \(options.address): the port is taken; stop the program that holds it "
                    + "(ss -ltnp 'sport = :\(options.port)' names it), or choose another port")
        }
        let reason = unsafe String(cString: strerror(error.errnoCode))
        return ServerError(
            .cannotListen, "\(name) cannot listen on \(options.address): \(reason); choose another address")
    }
}
