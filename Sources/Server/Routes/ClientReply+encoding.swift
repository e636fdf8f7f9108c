import ChatAPI
import Foundation
import Gateway

extension ClientReply {
    /// A value as JSON that people can read too: members sorted by name, indented.
    init(
        encoding value: some Encodable, status: Int = 200, requestID: String, headers: HeaderFields = []
    ) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            self.init(.internalError, requestID: requestID)
            return
        }
        self.init(status: status, json: Array(data) + [0x0A], requestID: requestID, headers: headers)
    }
}
