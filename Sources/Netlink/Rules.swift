internal import LinuxSys
public import WirePrimitives

/// Something to take out of the kernel's packet filter (nf_tables).
public struct RuleRemoval: Hashable, Sendable {
    /// What goes.
    public enum Target: Hashable, Sendable {
        /// One rule of a chain.
        case rule(handle: UInt64)
        /// All rules of a chain.
        case allRules
        /// The chain itself; nothing may lead to it any more.
        case chain
    }

    /// Whose packets the table is for.
    public var family: AddressFamily
    /// The table: `nat`.
    public var table: String
    /// The chain.
    public var chain: String
    /// What of it.
    public var target: Target

    /// A removal.
    public init(_ target: Target, family: AddressFamily, table: String, chain: String) {
        self.family = family
        self.table = table
        self.chain = chain
        self.target = target
    }
}

/// Requests to the packet filter (linux/netfilter/nf_tables.h).
enum RuleRequest {
    /// `NFNL_SUBSYS_NFTABLES`.
    private static let subsystem: UInt16 = 10
    /// `NFTA_GEN_ID`, and what a batch names it by: `NFNL_BATCH_GENID`.
    static let generation: UInt16 = 1
    /// `NFTA_RULE_HANDLE`.
    static let handle: UInt16 = 3
    /// `NFPROTO_IPV4`, `NFPROTO_IPV6`: the families' own numbers.
    private static func header(_ family: UInt8, resource: UInt16 = 0) -> [UInt8] {
        [family, 0, UInt8(resource >> 8), UInt8(truncatingIfNeeded: resource)]
    }
    private static func type(_ message: UInt16) -> UInt16 { subsystem << 8 | message }

    /// `NFT_MSG_GETGEN`.
    static let getGeneration = Request("read the rules' generation", type: type(16), header: header(0))

    /// `NFT_MSG_GETRULE` of one chain.
    static func list(_ family: AddressFamily, table: String, chain: String) -> Request {
        Request("list rules of \(chain)", type: type(7), header: header(family.number)) {
            $0.put(1, text: table)
            $0.put(2, text: chain)
        }
    }

    /// `NFNL_MSG_BATCH_BEGIN`: what follows is done only if the rules are of this generation.
    static func begin(generation: UInt32) -> Request {
        Request("change rules", type: 0x10, header: header(0, resource: subsystem)) {
            $0.put(Self.generation, uint32: generation.bigEndian)
        }
    }

    /// `NFNL_MSG_BATCH_END`.
    static let end = Request("change rules", type: 0x11, header: header(0, resource: subsystem))

    /// `NFT_MSG_DELRULE`, `NFT_MSG_DELCHAIN`.
    static func remove(_ removal: RuleRemoval) -> Request {
        switch removal.target {
        case .chain:
            Request("delete chain \(removal.chain)", type: type(5), header: header(removal.family.number)) {
                $0.put(1, text: removal.table)
                $0.put(3, text: removal.chain)
            }
        case .rule, .allRules:
            Request("delete rules of \(removal.chain)", type: type(8), header: header(removal.family.number)) {
                $0.put(1, text: removal.table)
                $0.put(2, text: removal.chain)
                if case .rule(let handle) = removal.target {
                    $0.put(Self.handle, (0..<8).reversed().map { UInt8(truncatingIfNeeded: handle >> ($0 * 8)) })
                }
            }
        }
    }
}

extension Session {
    /// The rules' generation: another after each change. Needs a `NETLINK_NETFILTER` session.
    public func rulesGeneration() throws(NetlinkError) -> UInt32 {
        let request = RuleRequest.getGeneration
        let message = try get(request)
        return try decode(request) { () throws(ByteError) in
            let attribute = try attributes(of: message).first { $0.type == RuleRequest.generation }
            guard let attribute else { throw ByteError(offset: 0, wanted: 4, available: 0) }
            return UInt32(bigEndian: try attribute.uint32())
        }
    }

    /// The handles of a chain's rules, in their order. Needs a `NETLINK_NETFILTER` session.
    public func ruleHandles(
        _ family: AddressFamily, table: String, chain: String
    ) throws(NetlinkError) -> [UInt64] {
        let request = RuleRequest.list(family, table: table, chain: chain)
        var handles: [UInt64] = []
        for message in try list(request) {
            handles += try decode(request) { () throws(ByteError) in
                try attributes(of: message).filter { $0.type == RuleRequest.handle }.map { attribute in
                    attribute.value.bytes.reduce(0) { $0 << 8 | UInt64($1) }
                }
            }
        }
        return handles
    }

    /// Takes all of this away in one step, in order, or nothing. Needs a `NETLINK_NETFILTER` session.
    ///
    /// - Throws: the kernel's refusal: ERESTART when the rules are of another generation.
    public func remove(_ removals: [RuleRemoval], generation: UInt32) throws(NetlinkError) {
        try performTogether(
            removals.map(RuleRequest.remove), from: RuleRequest.begin(generation: generation), to: RuleRequest.end)
    }

    /// What follows struct nfgenmsg.
    private func attributes(of message: Message) throws(ByteError) -> [Attribute] {
        var reader = message.payload
        _ = try reader.take(4)
        return try Attribute.split(reader)
    }
}
