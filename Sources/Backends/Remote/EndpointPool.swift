import ChatAPI
import Gateway
import Synchronization
import Transport

/// The endpoints of one upstream: each request goes to the one with the least requests under way that is not resting.
///
/// With one endpoint a choice costs one atomic read.
final class EndpointPool: Sendable {
    /// One endpoint, and what is known of it.
    final class Member: Sendable {
        let endpoint: UpstreamEndpoint
        let breaker: CircuitBreaker
        let underWay = Atomic(0)

        init(_ endpoint: UpstreamEndpoint, _ options: CircuitBreaker.Options) {
            self.endpoint = endpoint
            breaker = CircuitBreaker(options)
        }
    }

    /// Counts a request as under way until nobody holds it any more.
    final class Lease: Sendable {
        private let member: Member

        init(_ member: Member) {
            self.member = member
            member.underWay.wrappingAdd(1, ordering: .relaxed)
        }

        deinit { member.underWay.wrappingSubtract(1, ordering: .relaxed) }
    }

    let members: [Member]
    private let turn = Atomic(0)

    init(_ endpoints: [UpstreamEndpoint], breaker: CircuitBreaker.Options) {
        members = endpoints.map { Member($0, breaker) }
    }

    var hasAlternatives: Bool { members.count > 1 }

    /// The endpoint for a request; throws `unavailable` with the time to wait if every one is resting.
    func choose(for name: String) throws(BackendError) -> Member {
        if members.count == 1, let only = members.first {
            guard case .refused(let time) = only.breaker.admit() else { return only }
            throw Self.unavailable(name, time)
        }
        var left = ranked()
        var shortest: Duration?
        while let best = left.popLast() {
            switch best.breaker.admit() {
            case .allowed: return best
            case .refused(let time): shortest = min(shortest ?? time, time)
            }
        }
        throw Self.unavailable(name, shortest ?? .seconds(1))
    }

    /// The members, the best one last: those that did not just fail, then those with the least under way, then in turn.
    private func ranked() -> [Member] {
        let first = turn.wrappingAdd(1, ordering: .relaxed).oldValue & .max
        let ranks = members.indices.map { index in
            let member = members[(first &+ index) % members.count]
            return (
                shaky: member.breaker.isShaky ? 1 : 0, load: member.underWay.load(ordering: .relaxed), place: index,
                member: member
            )
        }
        return ranks.sorted { ($0.shaky, $0.load, $0.place) > ($1.shaky, $1.load, $1.place) }.map(\.member)
    }

    private static func unavailable(_ name: String, _ time: Duration) -> BackendError {
        let seconds = Int(min(3600, max(1, time.components.seconds + (time.components.attoseconds > 0 ? 1 : 0))))
        return BackendError(
            .unavailable, wasSent: false,
            answer: .overloaded("The upstream is resting after failures or at its own wish.", retryAfter: seconds),
            detail: "\(name): every endpoint is resting; the first one is asked again in \(seconds) s")
    }
}
