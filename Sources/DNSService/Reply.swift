internal import WirePrimitives

/// How an answer went (RFC 1035, 4.1.1).
enum ResultCode: UInt16 {
    case noError = 0
    case serverFailure = 2
    case noSuchName = 3
    case notImplemented = 4
    case refused = 5
}

/// Answers of our own.
enum Reply {
    /// A record of an answer; its name is the question's.
    struct Record {
        var type: UInt16
        var data: [UInt8]

        static func address(_ address: IPAddress) -> Record {
            Record(type: address.family == .ipv4 ? RecordType.a : RecordType.aaaa, data: address.bytes)
        }

        static func pointer(_ name: DomainName) -> Record { Record(type: RecordType.ptr, data: name.wire) }
    }

    /// Flags of the header: it is an answer; it was cut; recursion is to be had.
    private static let isAnswer: UInt16 = 0x8000
    static let isTruncated: UInt16 = 0x0200
    private static let recursionAvailable: UInt16 = 0x0080
    /// What is taken over from the question: opcode, recursion desired, authentic data.
    private static let kept: UInt16 = 0x7920
    private static let recursionDesired: UInt16 = 0x0100

    /// The bytes of an answer; one that is longer than `limit` is sent without records, and says that it was cut.
    static func bytes(_ query: Query, _ code: ResultCode, _ records: [Record] = [], limit: Int) -> [UInt8] {
        var bytes = [UInt8](query.head)
        bytes.reserveCapacity(512)
        var flags = isAnswer | query.flags & kept | code.rawValue
        if flags & recursionDesired != 0 { flags |= recursionAvailable }
        for record in records {
            // The name is the question's: a pointer to it. Class IN; nobody keeps it, as containers come and go.
            bytes += [0xC0, UInt8(Query.headerLength)] + word(record.type) + [0, 1, 0, 0, 0, 0]
            bytes += word(UInt16(record.data.count)) + record.data
        }
        var count = UInt16(records.count)
        if bytes.count + (query.extended.isPresent ? 11 : 0) > limit {
            bytes.removeLast(bytes.count - query.head.count)
            flags |= isTruncated
            count = 0
        }
        if query.extended.isPresent {
            bytes += [0] + word(RecordType.opt) + word(UInt16(Query.mostSize))
            bytes += [0, 0, query.extended.wantsSignatures ? 0x80 : 0, 0, 0, 0]
        }
        let header = word(flags) + [0, 1] + word(count) + [0, 0, 0, query.extended.isPresent ? 1 : 0]
        bytes.replaceSubrange(2..<Query.headerLength, with: header)
        return bytes
    }

    private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
}
