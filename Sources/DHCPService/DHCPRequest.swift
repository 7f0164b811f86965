public import WirePrimitives

/// A message from a client (RFC 2131, section 4.4).
public struct DHCPRequest: Hashable, Sendable {
    /// What is asked (option 53, RFC 2132).
    public enum Kind: UInt8, Sendable {
        /// Who has an address?
        case discover = 1
        /// I take this one, or want to keep it.
        case request = 3
        /// I need it no more.
        case release = 7
    }

    /// What is asked.
    public var kind: Kind
    /// By which the answer is known.
    public var transaction: UInt32
    /// The client's MAC, which is its identifier, too (option 61).
    public var mac: MACAddress
    /// The address that the client has; `0.0.0.0` for none.
    public var address = IPv4Address.any
    /// The address that it was offered (option 50).
    public var requested: IPv4Address?
    /// The server that is meant (option 54).
    public var server: IPv4Address?
    /// The client's name (option 12); empty for none.
    public var hostName = ""

    /// A message without options.
    public init(_ kind: Kind, transaction: UInt32, mac: MACAddress) {
        self.kind = kind
        self.transaction = transaction
        self.mac = mac
    }

    /// BOOTP's least length (RFC 1542, section 2.1): some servers drop less.
    private static let least = 300
    /// What a lease is made of here: mask, router, name servers, domain, lease time, renewal and rebinding times.
    private static let wanted: [UInt8] = [1, 3, 6, 15, 51, 58, 59]

    /// The message as it is sent.
    ///
    ///      op htype hlen hops | xid | secs flags | ciaddr | yiaddr | siaddr | giaddr | chaddr (16) | sname (64)
    ///      | file (128) | 99.130.83.99 | options
    public var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.append([1, 1, 6, 0])
        writer.append(IPv4Address(rawValue: transaction).bytes)
        writer.append([0, 0, 0, 0])
        writer.append(address.bytes)
        writer.append([UInt8](repeating: 0, count: 12))
        writer.append(mac.bytes)
        writer.append([UInt8](repeating: 0, count: 10 + 64 + 128))
        writer.append(DHCPReply.cookie)
        func option(_ code: UInt8, _ value: [UInt8]) {
            writer.append([code, UInt8(truncatingIfNeeded: value.count)])
            writer.append(value)
        }
        option(53, [kind.rawValue])
        option(61, [1] + mac.bytes)
        if let requested { option(50, requested.bytes) }
        if let server { option(54, server.bytes) }
        let name = hostName.utf8.prefix(63)
        if !name.isEmpty && kind != .release { option(12, Array(name)) }
        if kind != .release { option(55, Self.wanted) }
        writer.uint8(255)
        writer.append([UInt8](repeating: 0, count: max(0, Self.least - writer.count)))
        return writer.bytes
    }
}
