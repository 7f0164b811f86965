public import WirePrimitives

/// A message from a server (RFC 2131, section 4.3; options of RFC 2132). Nobody vouches for it: what it says is looked at
/// before it is one.
public struct DHCPReply: Hashable, Sendable {
    /// What the server says (option 53).
    public enum Kind: UInt8, Sendable {
        /// This address could be had.
        case offer = 2
        /// It is the client's.
        case acknowledgement = 5
        /// It is not.
        case refusal = 6
    }

    /// What the server says.
    public let kind: Kind
    /// The question's.
    public let transaction: UInt32
    /// Whose MAC it is for.
    public let mac: MACAddress
    /// Who says so (option 54).
    public let server: IPv4Address
    /// What is given; nil in a refusal, and when it makes no address of a host.
    public let lease: Lease?

    static let cookie: [UInt8] = [99, 130, 83, 99]
    /// Where options begin, in bytes.
    private static let head = 236

    /// Reads a message; nil for one that is no server's or contradicts itself.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.head + 4, bytes[0...2].elementsEqual([2, 1, 6]),
            bytes[Self.head..<Self.head + 4].elementsEqual(Self.cookie), let mac = MACAddress(bytes: bytes[28..<34]),
            let transaction = IPv4Address(bytes: bytes[4..<8])?.rawValue, let options = Self.options(bytes),
            let kind = options[53].flatMap({ $0.count == 1 ? Kind(rawValue: $0[0]) : nil }),
            let server = options[54].flatMap({ IPv4Address(bytes: $0) }), server.canBeHost
        else { return nil }
        self.kind = kind
        self.transaction = transaction
        self.mac = mac
        self.server = server
        lease = kind == .refusal ? nil : IPv4Address(bytes: bytes[16..<20]).flatMap { Lease($0, server, options) }
        if kind != .refusal && lease == nil { return nil }
    }

    /// The options by number, of all fields that have some; one that comes in pieces is joined (RFC 3396).
    private static func options(_ bytes: [UInt8]) -> [UInt8: [UInt8]]? {
        guard var options = options(in: bytes[(head + 4)...]) else { return nil }
        let overload = options[52]?.first ?? 0
        // `file` holds options, too, then `sname` (option 52).
        for (bit, field) in [(1, 108..<236), (2, 44..<108)] where overload & UInt8(bit) != 0 {
            guard let more = self.options(in: bytes[field]) else { return nil }
            options.merge(more) { $0 + $1 }
        }
        return options
    }

    private static func options(in field: ArraySlice<UInt8>) -> [UInt8: [UInt8]]? {
        var options: [UInt8: [UInt8]] = [:]
        var rest = field
        while let code = rest.popFirst(), code != 255 {
            if code == 0 { continue }
            guard let length = rest.popFirst(), length <= rest.count else { return nil }
            options[code, default: []] += rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
        }
        return options
    }
}

/// What a server gives a client for a time.
public struct Lease: Hashable, Sendable {
    /// The client's address, with its subnet.
    public var address: InterfaceAddress
    /// Who gave it.
    public var server: IPv4Address
    /// The way out of the subnet (option 3).
    public var router: IPv4Address?
    /// Servers of names (option 6), four at most.
    public var nameServers: [IPv4Address]
    /// The domain of names without a dot (option 15).
    public var domain: String?
    /// For how many seconds (option 51); nil for ever.
    public var seconds: UInt32?
    /// After how many it is to be renewed (option 58), and with whichever server (option 59).
    public var renewal: UInt32
    /// See `renewal`.
    public var rebinding: UInt32

    /// A shorter one is taken for this one: nobody can make a client ask without end.
    public static let shortest: UInt32 = 4
    /// What stands for ever (RFC 2131, section 3.3).
    private static let infinite = UInt32.max
    private static let mostServers = 4

    /// Reads what a server says of an address; nil when a host could not use it.
    init?(_ address: IPv4Address, _ server: IPv4Address, _ options: [UInt8: [UInt8]]) {
        guard address.canBeHost, let mask = options[1].flatMap({ IPv4Address(bytes: $0) })?.rawValue,
            let time = options[51].flatMap({ IPv4Address(bytes: $0) })?.rawValue, time > 0
        else { return nil }
        let length = (~mask).leadingZeroBitCount
        // The ones of a mask are at its front, and leave room for more than one host.
        guard (1...30).contains(length), mask == ~UInt32(0) << UInt32(32 - length),
            let whole = InterfaceAddress(.v4(address), prefixLength: length)
        else { return nil }
        let network = whole.network
        guard network.network != .v4(address), network.lastAddress != .v4(address) else { return nil }
        self.address = whole
        self.server = server
        func addresses(_ code: UInt8) -> [IPv4Address] {
            let bytes = options[code] ?? []
            return stride(from: 0, to: bytes.count - bytes.count % 4, by: 4)
                .compactMap { IPv4Address(bytes: bytes[$0..<$0 + 4]) }.filter(\.canBeHost)
        }
        // A router elsewhere could not be reached; one that is the client leads nowhere.
        router = addresses(3).first { network.contains(.v4($0)) && $0 != address }
        nameServers = Array(addresses(6).prefix(Self.mostServers))
        domain = options[15].flatMap(Self.domain)
        seconds = time == Self.infinite ? nil : max(time, Self.shortest)
        let whole32 = self.seconds ?? Self.infinite
        func number(_ code: UInt8) -> UInt32? { options[code].flatMap { IPv4Address(bytes: $0) }?.rawValue }
        // Usually half of the time, and seven eighths of it (RFC 2131, section 4.4.5).
        let rebinding = number(59) ?? whole32 - whole32 / 8
        let renewal = number(58) ?? whole32 / 2
        self.rebinding = min(max(rebinding, 2), whole32)
        self.renewal = min(max(renewal, 1), self.rebinding)
    }

    /// A domain, if it is one that may stand in resolv.conf.
    private static func domain(_ bytes: [UInt8]) -> String? {
        let text = bytes.prefix { $0 != 0 }
        let isName = text.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isName, (1...253).contains(text.count), text.first != UInt8(ascii: ".") else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}

extension IPv4Address {
    /// Whether a host on a wire may have it: not this network, loopback, multicast, or broadcast.
    var canBeHost: Bool { rawValue >> 24 != 0 && !isLoopback && rawValue >> 28 < 14 }
}
