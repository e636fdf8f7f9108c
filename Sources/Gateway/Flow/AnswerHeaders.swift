import Access
import Experimentation
import Ledger

/// The header fields of an answer.
enum AnswerHeaders {
    /// The backend's fields, without those that the gateway sets itself; its request id is kept under another name.
    ///
    /// - Parameter hidesRates: leaves the upstream's rates out, where the caller's own are limited.
    static func relayed(_ headers: HeaderFields, requestID: String, hidesRates: Bool) -> HeaderFields {
        var fields: HeaderFields = []
        fields.reserveCapacity(headers.count + 10)
        fields.append((GatewayHeader.requestID, requestID))
        for field in headers {
            if FieldName.matches(field.name, GatewayHeader.requestID) {
                fields.append((GatewayHeader.upstreamRequestID, field.value))
            } else if !FieldName.hasPrefix(field.name, GatewayHeader.prefix),
                !hidesRates || !FieldName.hasPrefix(field.name, RateStatus.prefix)
            {
                fields.append(field)
            }
        }
        return fields
    }

    /// What the gateway did; token counts only where a task's tokens were counted.
    static func own(_ attempt: Attempt, _ decided: DecidedRequest?) -> HeaderFields {
        var fields: HeaderFields = []
        add(attempt, decided, to: &fields)
        return fields
    }

    /// Adds the same to the fields of a relayed answer.
    static func add(_ attempt: Attempt, _ decided: DecidedRequest?, to fields: inout HeaderFields) {
        let task = decided?.recognized.task
        if let task { fields.append((GatewayHeader.task, task.name)) }
        fields.append((GatewayHeader.arm, attempt.arm.rawValue))
        fields.append((GatewayHeader.reason, attempt.reason.rawValue))
        if let reservation = attempt.reservation { fields += reservation.rates.fields }
        guard let decided, task != nil else { return }
        let before = decided.full.total
        let after = attempt.sent.total
        fields.append((GatewayHeader.model, printable(attempt.model)))
        fields.append((GatewayHeader.tokensBefore, String(before)))
        fields.append((GatewayHeader.tokensAfter, String(after)))
        fields.append((GatewayHeader.tokensSaved, String(before - after)))
        if let detail = decided.detail { fields.append((GatewayHeader.detail, printable(detail))) }
        if attempt.reason == .audit, let stripped = decided.stripped {
            fields.append((GatewayHeader.tokensSavable, String(before - stripped.tokens.total)))
        }
    }

    /// The text as a header value may hold it: at most 256 characters, none but visible ASCII and blanks.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(256).filter { (0x20...0x7E).contains($0) }, as: UTF8.self)
    }
}

extension Received {
    /// The client's fields without the gateway's own, and without a gateway key.
    ///
    /// - Parameter isRead: whether the answer is read on its way, so that it must come unpacked (decision 0013).
    func forwardedHeaders(readingAnswer isRead: Bool) -> HeaderFields {
        headers.filter { field in
            !FieldName.hasPrefix(field.name, GatewayHeader.prefix)
                && !(isRead && FieldName.matches(field.name, "accept-encoding"))
                && !(gatewayKey != nil && Self.keyFields.contains { FieldName.matches(field.name, $0) })
        }
    }

    /// Whether the client's own key is among the fields that go on.
    var handsOnKey: Bool {
        gatewayKey == nil && headers.contains { field in Self.keyFields.contains { FieldName.matches(field.name, $0) } }
    }

    private static let keyFields = ["authorization", "api-key", "x-api-key"]
}
