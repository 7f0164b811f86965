/// Messages in a stream: each behind its length (RFC 1035, 4.2.2).
public struct TCPFraming: Sendable {
    private var buffer: [UInt8] = []

    /// An empty stream.
    public init() {}

    /// Whether part of a message has come.
    public var isPartial: Bool { !buffer.isEmpty }

    /// Takes what came.
    public mutating func append(_ bytes: [UInt8]) { buffer += bytes }

    /// The next whole message; nil when more must come first. An empty one is a message, too.
    public mutating func next() -> [UInt8]? {
        guard buffer.count >= 2 else { return nil }
        let end = 2 + (Int(buffer[0]) << 8 | Int(buffer[1]))
        guard buffer.count >= end else { return nil }
        let message = Array(buffer[2..<end])
        buffer.removeFirst(end)
        return message
    }

    /// A message with its length before it; longer ones than the length can say are cut.
    public static func framed(_ message: [UInt8]) -> [UInt8] {
        let length = min(message.count, Int(UInt16.max))
        return [UInt8(length >> 8), UInt8(length & 255)] + message.prefix(length)
    }
}
