/// An IPv4 address (RFC 791), written as four decimal numbers.
public struct IPv4Address: Hashable, Sendable, Comparable, TextCodable {
    /// The address as a number, `10.0.0.1` being `0x0A00_0001`.
    public var rawValue: UInt32

    /// The address with this number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The address of four bytes in network order.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Parses dotted decimal: four numbers of 0 to 255 without leading zeros, as inet_pton(3) demands.
    public init?(_ text: String) {
        var value: UInt32 = 0
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        for part in parts {
            guard let number = DecimalText.number(part, digits: 3), number <= 255 else { return nil }
            value = value << 8 | UInt32(number)
        }
        rawValue = value
    }

    /// The four bytes in network order.
    public var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: rawValue >> 24), UInt8(truncatingIfNeeded: rawValue >> 16),
            UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue),
        ]
    }

    /// Dotted decimal.
    public var description: String {
        bytes.map { String($0) }.joined(separator: ".")
    }

    /// Order by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `0.0.0.0`.
    public static let any = IPv4Address(rawValue: 0)

    /// Whether it lies in 127.0.0.0/8 (RFC 1122, section 3.2.1.3).
    public var isLoopback: Bool { rawValue >> 24 == 127 }

    /// Whether it lies in 169.254.0.0/16 (RFC 3927).
    public var isLinkLocal: Bool { rawValue >> 16 == 0xA9FE }
}

/// Decimal numbers as addresses and ports are written.
enum DecimalText {
    /// The number that `text` writes with at most `digits` digits, no sign, and no leading zero.
    static func number(_ text: some Collection<UInt8>, digits: Int) -> Int? {
        guard !text.isEmpty, text.count <= digits else { return nil }
        if text.count > 1, text.first == UInt8(ascii: "0") { return nil }
        var value = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
