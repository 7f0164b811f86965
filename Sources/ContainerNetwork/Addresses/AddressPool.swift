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
    /// Costs as much as addresses in a row are taken.
    ///
    /// - Parameters:
    ///   - previous: the one given last; nil when none ever was.
    ///   - isTaken: whether somebody has this address now.
    /// - Returns: the address; nothing remembers yet that it is taken.
    /// - Throws: `NetworkError` of kind `exhausted`, which says how many addresses there are.
    public func next(after previous: IPAddress?, isTaken: (IPAddress) -> Bool) throws(NetworkError) -> IPAddress {
        guard first <= last else { throw exhausted }
        var candidate = first
        if let previous, previous.family == first.family, let next = previous.successor, first <= next, next <= last {
            candidate = next
        }
        let start = candidate
        repeat {
            if candidate != gateway, !isTaken(candidate) { return candidate }
            candidate = candidate < last ? candidate.successor ?? first : first
        } while candidate != start
        throw exhausted
    }

    private var exhausted: NetworkError {
        NetworkError(
            .exhausted,
            "IPAM error: failed to find free IP in range: \(first) - \(last): all \(capacity) addresses of subnet "
                + "\(subnet) are in use; remove a container or create a larger network")
    }
}

extension NetworkDefinition {
    /// The addresses of a new container: those asked for, and for each other subnet the next free one.
    ///
    /// - Parameters:
    ///   - requested: addresses that `--ip` and `--ip6` name.
    ///   - previous: the address that was given last in a subnet.
    ///   - holder: id of the container that has an address now.
    /// - Returns: one address a subnet, in the subnets' order; none when this network chooses no addresses.
    /// - Throws: `NetworkError` in Podman's words.
    public func assignAddresses(
        requested: [IPAddress] = [], previous: (CIDR) -> IPAddress? = { _ in nil }, holder: (IPAddress) -> String?
    ) throws(NetworkError) -> [IPAddress] {
        if let stray = requested.first(where: { subnet(containing: $0) == nil }) {
            throw NetworkError(.invalid, "requested static ip \(stray) not in any subnet on network \(name)")
        }
        guard choosesAddresses else { return [] }
        var assigned: [IPAddress] = []
        for subnet in subnets {
            if let wanted = requested.first(where: subnet.subnet.contains) {
                try Self.check(wanted, in: subnet, holder: holder)
                assigned.append(wanted)
            } else {
                let pool = AddressPool(subnet)
                assigned.append(
                    try pool.next(after: previous(subnet.subnet)) { holder($0) != nil })
            }
        }
        return assigned
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
