import FuzzSupport

@testable import HTTPHeads

/// An upstream's response reads the same in pieces, a plain request head is what it says, and a path fits a route or
/// does not.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeads(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let seed = input.byte()
    let bytes = input.remaining()
    let whole = read([bytes], isHead: seed & 1 != 0)
    let cut = read(FuzzInput.pieces(of: bytes, seed: seed), isHead: seed & 1 != 0)
    require(whole == cut, "a response reads the same in pieces")
    for (name, value) in whole.headers.map({ ($0[0], $0[1]) }) {
        require(FieldRules.isToken(name) && FieldRules.isValue(value), "a field that goes on is a field")
        require(!FieldRules.equal(name, "transfer-encoding"), "the transfer coding stays here")
    }
    require(whole.body.count <= bytes.count, "a body is no longer than what came")
    if let plain = PlainHead(bytes.span) { check(plain, bytes) }
    if let text = String(validating: bytes, as: UTF8.self) { route(text) }
    return 0
}

/// A head that was read reads the same when it is written anew, and not at all when it is cut short.
private func check(_ plain: PlainHead, _ bytes: [UInt8]) {
    let head = plain.head
    require(plain.length <= bytes.count, "a head ends in its bytes")
    require(bytes[..<plain.length].suffix(4).elementsEqual("\r\n\r\n".utf8), "a head ends with an empty line")
    for cut in 0..<plain.length {
        require(PlainHead(bytes.span.extracting(..<cut)) == nil, "a part of a head is none")
    }
    var lines = ["\(head.method) \(head.target) HTTP/1.1"]
    for (name, value) in head.fields {
        require(FieldRules.isToken(name) && FieldRules.isValue(value), "a field is one")
        require(!FieldRules.equal(name, "transfer-encoding"), "nothing else says where the body ends")
        lines.append("\(name):\(value)")
    }
    let written = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    let anew = PlainHead(written.span)
    require(anew?.head.method == head.method && anew?.head.target == head.target, "the same request")
    require(anew?.head.fields.map(\.name) == head.fields.map(\.name), "the same names")
    require(anew?.head.fields.map(\.value) == head.fields.map(\.value), "the same values")
    require(anew?.bodyLength == plain.bodyLength, "the same body")
}

private struct Answer: Equatable {
    var status = 0
    var headers: [[String]] = []
    var body: [UInt8] = []
    var isOver = false
    var keepsAlive = false
    var fault: String?
}

private func read(_ pieces: [[UInt8]], isHead: Bool) -> Answer {
    var reader = ResponseReader(TransportLimits(headerBytes: 512, headerFields: 16), isHead: isHead)
    var answer = Answer()
    func handle(_ event: ResponseReader.Event) {
        switch event {
        case .head(let head):
            require(answer.status == 0, "there is one head")
            answer.status = head.status
            answer.headers = head.headers.map { [$0.name, $0.value] }
        case .piece(let piece):
            require(answer.status != 0 && !answer.isOver && !piece.isEmpty, "the body comes between head and end")
            answer.body += piece
        case .end:
            require(answer.status != 0 && !answer.isOver, "there is one end")
            answer.isOver = true
        }
    }
    do throws(ResponseReader.Fault) {
        for piece in pieces { try reader.take(piece.span, handle) }
        try reader.connectionEnded(handle)
    } catch {
        answer.fault = error.problem
    }
    require(answer.isOver == reader.isOver || answer.fault != nil, "an end is told")
    answer.keepsAlive = reader.keepsAlive && answer.fault == nil
    return answer
}

private func route(_ text: String) {
    let patterns = ["/v1/chat/completions", "/v1/*", "/admin/tasks/{task}/mode", "/v1/models/{+id}"]
    for pattern in patterns.map({ PathPattern($0) }) {
        guard let values = pattern.match(text[...]) else { continue }
        require(values.values.allSatisfy { !$0.isEmpty }, "a parameter is never empty")
    }
    _ = PathPattern.query(of: text)
}
