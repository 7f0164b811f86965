/// Which of the two Internet protocols.
public enum AddressFamily: String, Hashable, Sendable, CaseIterable, Codable, Comparable {
    /// RFC 791.
    case ipv4
    /// RFC 8200.
    case ipv6

    /// Bits in an address: 32 or 128.
    public var bits: Int { self == .ipv4 ? 32 : 128 }

    /// IPv4 comes first.
    public static func < (left: Self, right: Self) -> Bool { left == .ipv4 && right == .ipv6 }
}

/// An IPv4 or an IPv6 address.
public enum IPAddress: Hashable, Sendable, Comparable, TextCodable {
    /// An IPv4 address.
    case v4(IPv4Address)
    /// An IPv6 address.
    case v6(IPv6Address)

    /// Parses either form.
    public init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// The address of four or sixteen bytes in network order.
    public init?(bytes: some Collection<UInt8>) {
        if let address = IPv4Address(bytes: bytes) {
            self = .v4(address)
        } else if let address = IPv6Address(bytes: bytes) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    init(family: AddressFamily, number: UInt128) {
        switch family {
        case .ipv4: self = .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: number)))
        case .ipv6: self = .v6(IPv6Address(rawValue: number))
        }
    }

    /// Which protocol's address it is.
    public var family: AddressFamily {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }

    /// The bytes in network order, four or sixteen.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let address): address.bytes
        case .v6(let address): address.bytes
        }
    }

    /// The address as a number.
    public var number: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.rawValue)
        case .v6(let address): address.rawValue
        }
    }

    /// The next address; nil after the last of the family.
    public var successor: IPAddress? {
        let next = number &+ 1
        let last: UInt128 = family == .ipv4 ? UInt128(UInt32.max) : .max
        return number == last ? nil : IPAddress(family: family, number: next)
    }

    /// The address before this one; nil before the first of the family.
    public var predecessor: IPAddress? {
        number == 0 ? nil : IPAddress(family: family, number: number - 1)
    }

    /// Text as `IPv4Address` and `IPv6Address` write it.
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }

    /// Text for use before a port: IPv6 in brackets.
    public var bracketed: String {
        family == .ipv6 ? "[\(self)]" : description
    }

    /// Whether it is `0.0.0.0` or `::`.
    public var isUnspecified: Bool { number == 0 }

    /// Whether it lies in 127.0.0.0/8 or is `::1`.
    public var isLoopback: Bool {
        switch self {
        case .v4(let address): address.isLoopback
        case .v6(let address): address == .loopback
        }
    }

    /// Whether it lies in 169.254.0.0/16 or fe80::/10.
    public var isLinkLocal: Bool {
        switch self {
        case .v4(let address): address.isLinkLocal
        case .v6(let address): address.isLinkLocal
        }
    }

    /// IPv4 before IPv6, then by number.
    public static func < (left: Self, right: Self) -> Bool {
        left.family == right.family ? left.number < right.number : left.family < right.family
    }
}
