/// The head of an HTTP/1 request: its first line and its header fields, as they came (RFC 9112).
struct Request {
    let line: String
    let fields: [(name: String, value: String)]

    /// Nil unless the bytes are a request line and well-formed fields.
    ///
    /// `head` is what stands before the empty line. Lines end with CR LF; a lone LF is taken too, as
    /// RFC 9112 section 2.2 allows.
    init?(head: some Collection<UInt8>) {
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
        guard let first = lines.first else { return nil }
        let words = first.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, !words[1].isEmpty, words[2].hasPrefix("HTTP/1.") else { return nil }
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return nil }
            let value = line[line.index(after: colon)...]
            fields.append((String(line[..<colon]), String(value.trimmingBlanks)))
        }
        self.line = first
        self.fields = fields
    }

    /// Whether the reply must have no body.
    var wantsHeadOnly: Bool { line.hasPrefix("HEAD ") }
}

/// Where the empty line after a request's head begins and ends, if it is there.
///
/// `start` says how many bytes were searched before, so that a head that comes in pieces is read once.
func headEnd(in bytes: [UInt8], from start: Int) -> Int? {
    // Step back over what may be the first part of the mark.
    var index = max(start - 3, 0)
    while let newline = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) {
        let rest = bytes[(newline + 1)...]
        if rest.first == UInt8(ascii: "\n") || rest.starts(with: "\r\n".utf8) { return newline }
        index = newline + 1
    }
    return nil
}

/// An HTTP reply in plain text, after which the connection ends.
struct Reply {
    let status: String
    let body: String

    /// Says who answers, and to what.
    static func whoami(_ request: Request, peer: String, host: String, addresses: [String]) -> Reply {
        var lines = ["Hostname: \(host)"]
        lines += addresses.map { "IP: \($0)" }
        lines += ["RemoteAddr: \(peer)", request.line]
        lines += request.fields.map { "\($0.name): \($0.value)" }
        return Reply(status: "200 OK", body: lines.map { $0 + "\n" }.joined())
    }

    static let badRequest = Reply(status: "400 Bad Request", body: "not an HTTP/1 request\n")
    static let timeout = Reply(status: "408 Request Timeout", body: "no request came in time\n")
    static let tooLarge = Reply(status: "431 Request Header Fields Too Large", body: "the head is too large\n")

    /// The bytes to send.
    func bytes(headOnly: Bool = false) -> [UInt8] {
        let head = """
            HTTP/1.1 \(status)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r

            """
        return Array(head.utf8) + (headOnly ? [] : Array(body.utf8))
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    fileprivate var trimmingBlanks: Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
