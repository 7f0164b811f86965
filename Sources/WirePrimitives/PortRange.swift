/// Consecutive ports of TCP, UDP or SCTP; 0 is in none.
public struct PortRange: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first port.
    public let first: UInt16
    /// The last port, not below `first`.
    public let last: UInt16

    /// Ports `first` to `last`; nil when there are none or 0 is among them.
    public init?(_ first: UInt16, through last: UInt16) {
        guard first > 0, first <= last else { return nil }
        self.first = first
        self.last = last
    }

    /// `count` ports from `first` on; nil when that leads past 65535.
    public init?(_ first: UInt16, count: Int) {
        guard count > 0, Int(first) + count - 1 <= 65535 else { return nil }
        self.init(first, through: first + UInt16(count - 1))
    }

    /// Parses `80` or `80-83`.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let ports = parts.compactMap { DecimalText.number($0, digits: 5) }.compactMap { UInt16(exactly: $0) }
        guard ports.count == parts.count, (1...2).contains(ports.count) else { return nil }
        self.init(ports[0], through: ports[ports.count - 1])
    }

    /// How many ports it is.
    public var count: Int { Int(last - first) + 1 }

    /// Every port, in order.
    public var ports: ClosedRange<UInt16> { first...last }

    /// Whether the port is one of them.
    public func contains(_ port: UInt16) -> Bool { ports.contains(port) }

    /// Whether the two share a port.
    public func overlaps(_ other: PortRange) -> Bool { ports.overlaps(other.ports) }

    /// `80` or `80-83`.
    public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }

    /// By the first port, then by the last.
    public static func < (left: Self, right: Self) -> Bool {
        left.first == right.first ? left.last < right.last : left.first < right.first
    }
}
