import ChatAPI
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
        do {
            return ClientReply(json: Array(try await live.current.savings(query).json().utf8), requestID: request.id)
        } catch let error as LedgerError {
            return ClientReply(.overloaded("The ledger cannot be read: \(error.message)"), requestID: request.id)
        } catch {
            return ClientReply(.internalError, requestID: request.id)
        }
    }
}
