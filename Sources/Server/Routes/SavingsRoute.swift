import Access
import ChatAPI
import Foundation
import Gateway
import Ledger

/// `GET /v1/savings?task=…&from=…&to=…&bucket=hour|day`.
struct SavingsRoute: Sendable {
    let live: LiveGateway

    func answer(_ request: Received) async -> ClientReply {
        guard let parameters = PathPattern.query(of: request.target) else {
            return ClientReply(
                .invalidRequest("The query is not well-formed. Write every % as %25."), requestID: request.id)
        }
        let query: SavingsQuery
        do throws(LedgerError) {
            query = try SavingsQuery(parameters: parameters)
        } catch {
            return ClientReply(.invalidRequest(error.message), requestID: request.id)
        }
        // Others' rows are nobody's business: a key that is not an admin's sees what it used itself.
        if let caller = request.caller, !caller.isAdmin { return await own(caller, query, request) }
        do {
            return ClientReply(json: Array(try await live.current.savings(query).json().utf8), requestID: request.id)
        } catch let error as LedgerError {
            return ClientReply(.overloaded("The ledger cannot be read: \(error.message)"), requestID: request.id)
        } catch {
            return ClientReply(.internalError, requestID: request.id)
        }
    }

    private func own(_ caller: Caller, _ query: SavingsQuery, _ request: Received) async -> ClientReply {
        guard query.task == nil, query.bucket == nil, query.to == nil else {
            return ClientReply(
                .invalidRequest("This key sees its own use by day: the only filter is from."), requestID: request.id)
        }
        do throws(LedgerError) {
            let from = query.from ?? Date(timeIntervalSince1970: 0)
            let days = try await live.current.usage(ofKey: caller.name, from: from)
            return ClientReply(json: KeyDays.json(caller.name, days), requestID: request.id)
        } catch {
            return ClientReply(.overloaded("The ledger cannot be read: \(error.message)"), requestID: request.id)
        }
    }
}
