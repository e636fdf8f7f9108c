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
        let connections = ClientConnections(shared: shared, executors: loops.executors)
        let open = shared.open
        do {
            let server = try await ServerBootstrap(group: loops.group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { server in
                    server.eventLoop.makeCompletedFuture {
                        try server.pipeline.syncOperations.addHandler(AcceptedConnections(open))
                    }
                }
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try connections.setUp(channel)
                    }
                }
                .bind(host: options.host, port: options.port).get()
            await withTaskCancellationHandler {
                await withGracefulShutdownHandler {
                    await onListening(ListenOptions.address(host: options.host, port: server.localAddress?.port ?? 0))
                    try? await server.closeFuture.get()
                    await open.allClosed()
                } onGracefulShutdown: {
                    onStopping()
                    open.stop()
                    server.close(promise: nil)
                }
            } onCancel: {
                open.end()
                server.close(promise: nil)
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
