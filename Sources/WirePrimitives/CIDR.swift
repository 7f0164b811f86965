/// A network: its address with no host bits, and the length of its prefix (RFC 4632).
public struct CIDR: Hashable, Sendable, Comparable, TextCodable {
    /// The network's own address; the bits after the prefix are 0.
    public let network: IPAddress
    /// Bits of the prefix, 0 to 32 or 128.
    public let prefixLength: Int

    /// The network that contains `address`; nil when the family has no such prefix length.
    public init?(containing address: IPAddress, prefixLength: Int) {
        guard (0...address.family.bits).contains(prefixLength) else { return nil }
        let mask = Self.hostMask(address.family, prefixLength)
        self.network = IPAddress(family: address.family, number: address.number & ~mask)
        self.prefixLength = prefixLength
    }

    /// The block of one address.
    public init(host address: IPAddress) {
        network = address
        prefixLength = address.family.bits
    }

    /// Parses `10.88.0.0/16`; host bits are cleared.
    public init?(_ text: String) {
        guard let whole = InterfaceAddress(text) else { return nil }
        self = whole.network
    }

    private static func hostMask(_ family: AddressFamily, _ prefixLength: Int) -> UInt128 {
        let bits = family.bits - prefixLength
        return bits == 128 ? .max : (1 << UInt128(bits)) - 1
    }

    /// Which protocol's network it is.
    public var family: AddressFamily { network.family }

    /// The last address, which in IPv4 is the broadcast address.
    public var lastAddress: IPAddress {
        IPAddress(family: family, number: network.number | Self.hostMask(family, prefixLength))
    }

    /// The IPv4 broadcast address; nil for IPv6 and where the prefix leaves no room for one (RFC 3021).
    public var broadcast: IPAddress? {
        family == .ipv4 && prefixLength < 31 ? lastAddress : nil
    }

    /// The first address that a host may have: one after the network's own, or that one for /31, /32, /127, /128.
    public var firstHost: IPAddress {
        prefixLength >= family.bits - 1 ? network : network.successor ?? network
    }

    /// The last address that a host may have: for IPv4 the one before the broadcast address.
    public var lastHost: IPAddress {
        broadcast == nil ? lastAddress : lastAddress.predecessor ?? lastAddress
    }

    /// Whether the address lies in the network.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == family && network <= address && address <= lastAddress
    }

    /// Whether the two networks share an address.
    public func overlaps(_ other: CIDR) -> Bool {
        contains(other.network) || other.contains(network)
    }

    /// Every address that a host may have, in order.
    public var hosts: UnfoldFirstSequence<IPAddress> {
        let last = lastHost
        return sequence(first: firstHost) { $0 < last ? $0.successor : nil }
    }

    /// `10.88.0.0/16`.
    public var description: String { "\(network)/\(prefixLength)" }

    /// By address, then the wider first.
    public static func < (left: Self, right: Self) -> Bool {
        left.network == right.network ? left.prefixLength < right.prefixLength : left.network < right.network
    }
}

/// What an interface is given: an address of its own together with the prefix of the network it is in.
public struct InterfaceAddress: Hashable, Sendable, TextCodable {
    /// The interface's own address.
    public let address: IPAddress
    /// The network that it is in.
    public let network: CIDR

    /// The address with its prefix; nil when the family has no such prefix length.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard let network = CIDR(containing: address, prefixLength: prefixLength) else { return nil }
        self.address = address
        self.network = network
    }

    /// The address `address` in `network`; nil when it is not in there.
    public init?(_ address: IPAddress, in network: CIDR) {
        guard network.contains(address) else { return nil }
        self.address = address
        self.network = network
    }

    /// Parses `10.88.0.2/16`.
    public init?(_ text: String) {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")),
            let address = IPAddress(String(text[..<slash])),
            let length = DecimalText.number(text.utf8[text.utf8.index(after: slash)...], digits: 3)
        else { return nil }
        self.init(address, prefixLength: length)
    }

    /// Bits of the prefix.
    public var prefixLength: Int { network.prefixLength }

    /// `10.88.0.2/16`.
    public var description: String { "\(address)/\(prefixLength)" }
}
