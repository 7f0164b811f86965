public import WirePrimitives

/// Which addresses of a subnet containers get, and in which order: as Podman's host-local IPAM gives them.
public struct AddressPool: Hashable, Sendable {
    /// The first address that may be given.
    public let first: IPAddress
    /// The last one.
    public let last: IPAddress
    /// The bridge's own, never given.
    public let gateway: IPAddress?
    private let subnet: CIDR
    /// Whether the subnet has addresses that are not given.
    private let isPart: Bool

    /// The pool of a subnet.
    public init(_ subnet: NetworkDefinition.Subnet) {
        self.subnet = subnet.subnet
        gateway = subnet.gateway
        var first = subnet.leaseRange?.start ?? subnet.subnet.firstHost
        var last = subnet.leaseRange?.end ?? subnet.subnet.lastHost
        // A range may be given with the subnet's own first and last address in it; no host can have those.
        if subnet.subnet.firstHost > first { first = subnet.subnet.firstHost }
        if subnet.subnet.lastHost < last { last = subnet.subnet.lastHost }
        self.first = first
        self.last = last
        isPart = first != subnet.subnet.firstHost || last != subnet.subnet.lastHost
    }

    /// How many containers can have an address at the same time.
    public var capacity: UInt128 {
        guard first <= last else { return 0 }
        let (count, overflow) = (last.number - first.number).addingReportingOverflow(1)
        guard !overflow else { return .max }
        guard let gateway, first <= gateway, gateway <= last else { return count }
        return count - 1
    }

    /// The next free address after the one that was given last, round and round, so that one that was let go of is
    /// not at once somebody else's.
    ///
    /// Costs as much as addresses in a row are taken, and nothing for a block, however large, that is reserved.
    ///
    /// - Parameters:
    ///   - previous: the one given last; nil when none ever was.
    ///   - reserved: blocks that are not given out.
    ///   - isTaken: whether somebody has this address now.
    /// - Returns: the address; nothing remembers yet that it is taken.
    /// - Throws: `NetworkError` of kind `exhausted`, which says how many addresses there are.
    public func next(
        after previous: IPAddress?, besides reserved: [CIDR] = [], isTaken: (IPAddress) -> Bool
    ) throws(NetworkError) -> IPAddress {
        func free(from start: IPAddress, through end: IPAddress) -> IPAddress? {
            var candidate = start
            while candidate <= end {
                let block = reserved.first { $0.contains(candidate) }
                if block == nil, candidate != gateway, !isTaken(candidate) { return candidate }
                guard let next = (block?.lastAddress ?? candidate).successor else { return nil }
                candidate = next
            }
            return nil
        }
        var start = first
        if let previous, previous.family == first.family, let next = previous.successor, first <= next, next <= last {
            start = next
        }
        if let found = free(from: start, through: last) { return found }
        if start > first, let end = start.predecessor, let found = free(from: first, through: end) { return found }
        throw NetworkError(
            .exhausted,
            "IPAM error: failed to find free IP in range: \(first) - \(last): all \(capacity) addresses of "
                + "\(isPart ? "the range in " : "")subnet \(subnet) are in use\(reserved.isEmpty ? "" : " or reserved"); "
                + "remove a container or create a \(isPart ? "network with a larger range" : "larger network")")
    }
}

extension NetworkDefinition {
    /// The addresses of a new container: those asked for, and for each other subnet the next free one.
    ///
    /// - Parameters:
    ///   - requested: addresses that `--ip` and `--ip6` name.
    ///   - previous: the address that was given last in a subnet.
    ///   - reserved: blocks that a person reserved.
    ///   - holder: id of the container that has an address, or keeps it while it is stopped.
    /// - Returns: one address a subnet, in the subnets' order; none when this network chooses no addresses.
    /// - Throws: `NetworkError` in Podman's words.
    public func assignAddresses(
        requested: [IPAddress] = [], previous: (CIDR) -> IPAddress? = { _ in nil }, reserved: [CIDR] = [],
        holder: (IPAddress) -> String?
    ) throws(NetworkError) -> [IPAddress] {
        try checkAddresses(requested, reserved: reserved, holder: holder)
        guard choosesAddresses else { return [] }
        return try subnets.map { subnet throws(NetworkError) in
            if let wanted = requested.first(where: subnet.subnet.contains) { return wanted }
            return try AddressPool(subnet).next(after: previous(subnet.subnet), besides: reserved) { holder($0) != nil }
        }
    }

    /// Looks whether a container can have the addresses that it asks for.
    ///
    /// - Parameters:
    ///   - requested: the addresses.
    ///   - reserved: blocks that a person reserved.
    ///   - holder: id of the container that has an address, or keeps it while it is stopped.
    /// - Throws: `NetworkError` in Podman's words.
    public func checkAddresses(
        _ requested: [IPAddress], reserved: [CIDR] = [], holder: (IPAddress) -> String?
    ) throws(NetworkError) {
        for (index, wanted) in requested.enumerated() {
            guard let subnet = subnet(containing: wanted) else {
                throw NetworkError(.conflict, "requested static ip \(wanted) not in any subnet on network \(name)")
            }
            if let other = requested[..<index].first(where: subnet.subnet.contains) {
                throw NetworkError(
                    .invalid,
                    "requested static ips \(other) and \(wanted) are both in subnet \(subnet.subnet) of network \(name): "
                        + "give one a subnet")
            }
            if let block = reserved.first(where: { $0.contains(wanted) }) {
                throw NetworkError(
                    .conflict,
                    "IPAM error: requested ip address \(wanted) is reserved: network ipam release \(name) \(block) "
                        + "gives it back")
            }
            try Self.check(wanted, in: subnet, holder: holder)
        }
    }

    /// Podman lets a container have the gateway's or the broadcast address; nothing works then, so it is refused here.
    private static func check(
        _ wanted: IPAddress, in subnet: Subnet, holder: (IPAddress) -> String?
    ) throws(NetworkError) {
        if let holder = holder(wanted) {
            throw NetworkError(
                .conflict, "IPAM error: requested ip address \(wanted) is already allocated to container ID \(holder)")
        }
        if wanted == subnet.gateway {
            throw NetworkError(
                .conflict, "IPAM error: requested ip address \(wanted) is the gateway of subnet \(subnet.subnet)")
        }
        if wanted == subnet.subnet.broadcast || (wanted == subnet.subnet.network && subnet.subnet.firstHost != wanted) {
            throw NetworkError(
                .invalid,
                "IPAM error: requested ip address \(wanted) is the network or broadcast address of \(subnet.subnet)")
        }
    }
}
