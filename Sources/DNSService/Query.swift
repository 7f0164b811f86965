/// Numbers of the DNS (RFC 1035, 3.2; RFC 3596; RFC 6891).
public enum RecordType {
    /// An IPv4 address.
    public static let a: UInt16 = 1
    /// A name for an address.
    public static let ptr: UInt16 = 12
    /// An IPv6 address.
    public static let aaaa: UInt16 = 28
    /// Not a record at all: what the asker can take.
    public static let opt: UInt16 = 41
    /// Whole zones, which are not given out.
    public static let transfers: ClosedRange<UInt16> = 251...252
    /// Everything.
    public static let any: UInt16 = 255
}

/// What somebody asks, as far as a server that answers from names or passes on must know it.
public struct Query: Sendable {
    /// Bytes of a message's header.
    static let headerLength = 12
    /// The longest answer over UDP that everybody can take (RFC 1035, 4.2.1).
    static let leastSize = 512
    /// The longest that is sent over UDP: it fits everywhere unbroken.
    static let mostSize = 1232

    /// Chosen by the asker.
    public let id: UInt16
    /// The header's second word.
    public let flags: UInt16
    /// The name.
    public let name: DomainName
    /// The type of record.
    public let type: UInt16
    /// The class; 1 is the internet.
    public let `class`: UInt16
    /// Header and question, as they came.
    public let head: ArraySlice<UInt8>
    /// How many bytes the asker takes over UDP.
    public let size: Int
    /// Whether it said so, by EDNS; and whether it wants signatures with it.
    public let extended: (isPresent: Bool, wantsSignatures: Bool)

    /// The kind of question; 0 is the usual one.
    public var opcode: UInt16 { flags >> 11 & 15 }

    /// Reads a message.
    ///
    /// - Returns: nil for everything that is not a well-formed question: an answer, none or several questions, a name
    ///   that does not end or is compressed, records that are not there. Such a message gets no answer.
    public init?(_ message: ArraySlice<UInt8>) {
        let start = message.startIndex
        guard message.count >= Self.headerLength + 5 else { return nil }
        func word(_ offset: Int) -> UInt16 {
            UInt16(message[start + offset]) << 8 | UInt16(message[start + offset + 1])
        }
        id = word(0)
        flags = word(2)
        guard flags & 0x8000 == 0, word(4) == 1 else { return nil }
        guard let name = DomainName(reading: message[(start + Self.headerLength)...]) else { return nil }
        let end = Self.headerLength + name.wire.count
        guard message.count >= end + 4 else { return nil }
        self.name = name
        type = word(end)
        `class` = word(end + 2)
        head = message[start..<start + end + 4]
        var size = Self.leastSize
        var extended = (isPresent: false, wantsSignatures: false)
        var rest = message[(start + end + 4)...]
        for _ in 0..<Int(word(6)) + Int(word(8)) + Int(word(10)) {
            guard let record = Self.record(&rest) else { return nil }
            if record.type == RecordType.opt {
                size = min(max(Int(record.class), Self.leastSize), Self.mostSize)
                extended = (true, record.lifetime & 0x8000 != 0)
            }
        }
        self.size = size
        self.extended = extended
    }

    /// Takes one record off the front; nil when it is not whole.
    private static func record(
        _ bytes: inout ArraySlice<UInt8>
    ) -> (type: UInt16, class: UInt16, lifetime: UInt32)? {
        var position = bytes.startIndex
        while true {
            guard position < bytes.endIndex else { return nil }
            let length = bytes[position]
            // A pointer ends a name; where it leads does not matter here, and is not followed.
            if length & 0xC0 == 0xC0 {
                position += 2
                break
            }
            guard length <= DomainName.longestLabel, position - bytes.startIndex < DomainName.longest else {
                return nil
            }
            position += 1 + Int(length)
            if length == 0 { break }
        }
        guard position + 10 <= bytes.endIndex else { return nil }
        let fixed = bytes[position..<position + 10]
        func word(_ offset: Int) -> UInt16 {
            UInt16(fixed[position + offset]) << 8 | UInt16(fixed[position + offset + 1])
        }
        let end = position + 10 + Int(word(8))
        guard end <= bytes.endIndex else { return nil }
        bytes = bytes[end...]
        return (word(0), word(2), UInt32(word(4)) << 16 | UInt32(word(6)))
    }
}
