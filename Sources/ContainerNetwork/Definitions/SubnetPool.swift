public import WirePrimitives

/// Addresses of which subnets are cut when none is asked for (`default_subnet_pools` of containers.conf(5)).
public struct SubnetPool: Hashable, Sendable {
    /// All of its addresses.
    public let base: CIDR
    /// The length of a subnet's prefix.
    public let blockLength: Int

    /// A pool; nil when not even one block fits.
    public init?(base: CIDR, blockLength: Int) {
        guard (base.prefixLength...base.family.bits).contains(blockLength) else { return nil }
        self.base = base
        self.blockLength = blockLength
    }

    /// Podman's pools, each cut into blocks of 256 addresses.
    public static let podman = ["10.89.0.0/16", "10.90.0.0/15", "10.92.0.0/14", "10.96.0.0/11", "10.128.0.0/9"]
        .compactMap { CIDR($0) }.compactMap { SubnetPool(base: $0, blockLength: 24) }
    /// How often a random IPv6 subnet is drawn before that is given up.
    private static let attempts = 10_000

    /// The first block that nobody uses.
    private func free(besides surroundings: NetworkSurroundings) -> CIDR? {
        var block = CIDR(containing: base.network, prefixLength: blockLength)
        while let candidate = block, base.contains(candidate.network) {
            guard let user = surroundings.user(of: candidate) else { return candidate }
            // Behind all that the user has: a pool may have millions of blocks.
            block = max(candidate.lastAddress, user.lastAddress).successor.flatMap {
                CIDR(containing: $0, prefixLength: blockLength)
            }
        }
        return nil
    }

    /// The first block of the pools that nobody uses.
    static func free(in pools: [SubnetPool], besides surroundings: NetworkSurroundings) throws(NetworkError) -> CIDR {
        if let free = pools.lazy.compactMap({ $0.free(besides: surroundings) }).first { return free }
        throw NetworkError(
            .exhausted,
            "could not find free subnet from subnet pools: remove networks (network prune), or choose one with --subnet"
        )
    }

    /// A unique local IPv6 subnet that nobody uses (RFC 4193), drawn at random.
    static func randomIPv6(
        besides surroundings: NetworkSurroundings, _ random: inout some RandomNumberGenerator
    ) throws(NetworkError) -> CIDR {
        for _ in 0..<attempts {
            let prefix = random.next() & 0x00FF_FFFF_FFFF_FFFF | 0xFD00_0000_0000_0000
            let address = IPAddress.v6(IPv6Address(rawValue: UInt128(prefix) << 64))
            if let subnet = CIDR(containing: address, prefixLength: 64), !surroundings.uses(subnet) { return subnet }
        }
        throw NetworkError(.exhausted, "failed to get random ipv6 subnet: choose one with --subnet")
    }
}
