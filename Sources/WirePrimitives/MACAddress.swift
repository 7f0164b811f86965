/// An Ethernet address of six bytes (IEEE 802).
public struct MACAddress: Hashable, Sendable, Comparable, TextCodable {
    /// The address as a number of 48 bits.
    public let rawValue: UInt64

    /// The address of six bytes in the order they are sent.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Parses six pairs of hexadecimal digits with `:` or `-` between them.
    public init?(_ text: String) {
        let parts = text.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-")
        }
        guard parts.count == 6, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isHexDigit) }) else { return nil }
        self.init(bytes: parts.compactMap { UInt8(Substring($0), radix: 16) })
    }

    /// An address that no maker gives out, made of the low 48 bits of a number: the bit for "locally administered" is set, the one for
    /// "group" cleared (IEEE 802c).
    public init(locallyAdministered number: UInt64) {
        rawValue = number & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000
    }

    /// The six bytes in the order they are sent.
    public var bytes: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: rawValue >> (40 - 8 * $0)) }
    }

    /// Lower-case pairs with colons.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// Order by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
