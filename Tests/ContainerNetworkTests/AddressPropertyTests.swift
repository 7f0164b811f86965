import ContainerNetwork
import Testing
import WirePrimitives

/// Addresses that are given and let go of at random, against a model that counts them one by one.
@Suite struct AddressPropertyTests {
    /// What may be given of a subnet: written down as the rules are, not as the pool computes it.
    func allowed(_ subnet: NetworkDefinition.Subnet, reserved: [CIDR]) -> [IPAddress] {
        subnet.subnet.hosts.filter { address in
            let range = subnet.leaseRange
            return address != subnet.gateway && (range?.start ?? address) <= address
                && address <= (range?.end ?? address) && !reserved.contains { $0.contains(address) }
        }
    }

    /// A subnet of at most 256 addresses, with or without a gateway, a range and reservations.
    func draw(_ random: inout SeededRandom) throws -> (NetworkDefinition.Subnet, [CIDR]) {
        let isIPv4 = Bool.random(using: &random)
        let base = try #require(IPAddress(isIPv4 ? "10.70.4.0" : "fd10::400"))
        let size = Int.random(in: 0...8, using: &random)
        let subnet = try #require(CIDR(containing: base, prefixLength: (isIPv4 ? 32 : 128) - size))
        let all = Array(sequence(first: subnet.network) { $0 < subnet.lastAddress ? $0.successor : nil })
        func member() -> IPAddress { all[Int.random(in: 0..<all.count, using: &random)] }
        var result = NetworkDefinition.Subnet(subnet: subnet)
        if Bool.random(using: &random) { result.gateway = member() }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let ends = [member(), member()].sorted()
            result.leaseRange = .init(start: ends[0], end: ends[1])
        }
        let reserved = try (0..<Int.random(in: 0...2, using: &random)).map { _ in
            try #require(
                CIDR(containing: member(), prefixLength: subnet.family.bits - Int.random(in: 0...size, using: &random)))
        }
        return (result, reserved)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `all of the range is given, each address to one, and never the gateway's`(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let (subnet, reserved) = try draw(&random)
        let allowed = allowed(subnet, reserved: reserved)
        let pool = AddressPool(subnet)
        if reserved.isEmpty { #expect(pool.capacity == UInt128(allowed.count)) }
        var held: Set<IPAddress> = []
        var last: IPAddress?
        for _ in 0..<600 {
            if held.count < allowed.count && (held.isEmpty || Int.random(in: 0..<3, using: &random) > 0) {
                let address = try pool.next(after: last, besides: reserved) { held.contains($0) }
                #expect(allowed.contains(address) && !held.contains(address), "\(address) of \(subnet)")
                // Round and round: what comes after the last one, then the first.
                let free = allowed.filter { !held.contains($0) }
                #expect(address == last.flatMap { last in free.first { $0 > last } } ?? free.first)
                held.insert(address)
                last = address
            } else if let address = held.sorted().randomElement(using: &random) {
                held.remove(address)
            }
        }
        held = Set(allowed)
        let error = #expect(throws: NetworkError.self) {
            try pool.next(after: last, besides: reserved) { held.contains($0) }
        }
        #expect(error?.kind == .exhausted)
    }

    @Test(.timeLimit(.minutes(1))) func `a huge subnet costs what is given, also where a huge part is reserved`() throws
    {
        let subnet = NetworkDefinition.Subnet(
            subnet: try #require(CIDR("fd10::/64")), gateway: IPAddress("fd10::1"))
        let pool = AddressPool(subnet)
        #expect(pool.capacity == UInt128(1) << 64 - 2)
        #expect(try pool.next(after: nil) { _ in false }.description == "fd10::2")
        let last = try #require(IPAddress("fd10::ffff:ffff:ffff:ffff"))
        #expect(try pool.next(after: last) { _ in false }.description == "fd10::2")
        let half = try #require(CIDR("fd10::/65"))
        #expect(try pool.next(after: nil, besides: [half]) { _ in false }.description == "fd10::8000:0:0:0")
        #expect(try pool.next(after: last, besides: [half]) { _ in false }.description == "fd10::8000:0:0:0")
        let error = #expect(throws: NetworkError.self) {
            try pool.next(after: last, besides: [subnet.subnet]) { _ in false }
        }
        #expect(error?.message.contains("are in use or reserved") == true)
    }

    @Test(
        arguments: [
            ("fd10::/127", nil, ["fd10::", "fd10::1"]), ("fd10::/127", "fd10::1", ["fd10::"]),
            ("10.0.0.0/30", "10.0.0.1", ["10.0.0.2"]), ("10.0.0.0/31", nil, ["10.0.0.0", "10.0.0.1"]),
            ("10.0.0.9/32", nil, ["10.0.0.9"]), ("10.0.0.9/32", "10.0.0.9", []),
            ("10.0.0.0/29", "10.0.0.1", (2...6).map { "10.0.0.\($0)" }),
        ] as [(String, String?, [String])])
    func `the smallest subnets give what they have`(subnet: String, gateway: String?, wanted: [String]) throws {
        let pool = AddressPool(
            .init(subnet: try #require(CIDR(subnet)), gateway: gateway.flatMap { IPAddress($0) }))
        var given: [String] = []
        for _ in wanted { given.append("\(try pool.next(after: nil) { given.contains("\($0)") })") }
        #expect(given == wanted)
        #expect(throws: NetworkError.self) { try pool.next(after: nil) { given.contains("\($0)") } }
    }
}

/// Addresses that a container asks for by number.
@Suite struct RequestedAddressTests {
    func network() throws -> NetworkDefinition {
        NetworkDefinition(
            name: "n", id: String(repeating: "a", count: 64), networkInterface: "br0",
            subnets: [
                .init(subnet: try #require(CIDR("10.70.0.0/29")), gateway: IPAddress("10.70.0.1")),
                .init(subnet: try #require(CIDR("fd10::/64")), gateway: IPAddress("fd10::1")),
            ])
    }

    @Test(arguments: [
        (["10.70.0.5"], ["10.70.0.5", "fd10::2"]), (["fd10::77"], ["10.70.0.2", "fd10::77"]),
        (["fd10::77", "10.70.0.6"], ["10.70.0.6", "fd10::77"]), ([], ["10.70.0.2", "fd10::2"]),
    ])
    func `each subnet gives what is asked of it, in its own place`(asked: [String], wanted: [String]) throws {
        let addresses = try network().assignAddresses(requested: asked.compactMap { IPAddress($0) }) { _ in nil }
        #expect(addresses.map(\.description) == wanted)
    }

    @Test(arguments: [
        (["10.71.0.1"], "requested static ip 10.71.0.1 not in any subnet on network n"),
        (["10.70.0.1"], "IPAM error: requested ip address 10.70.0.1 is the gateway of subnet 10.70.0.0/29"),
        (
            ["10.70.0.7"],
            "IPAM error: requested ip address 10.70.0.7 is the network or broadcast address of 10.70.0.0/29"
        ),
        (
            ["10.70.0.0"],
            "IPAM error: requested ip address 10.70.0.0 is the network or broadcast address of 10.70.0.0/29"
        ),
        (["fd10::"], "IPAM error: requested ip address fd10:: is the network or broadcast address of fd10::/64"),
        (["10.70.0.4"], "IPAM error: requested ip address 10.70.0.4 is already allocated to container ID c4"),
        (
            ["fd10::1:5"],
            "IPAM error: requested ip address fd10::1:5 is reserved: network ipam release n fd10::1:0/112 gives it back"
        ),
        (
            ["10.70.0.2", "10.70.0.3"],
            "requested static ips 10.70.0.2 and 10.70.0.3 are both in subnet 10.70.0.0/29 of network n: give one a subnet"
        ),
    ])
    func `one that cannot be had is refused, and said why`(asked: [String], message: String) throws {
        let error = #expect(throws: NetworkError.self) {
            try network().checkAddresses(
                asked.compactMap { IPAddress($0) }, reserved: ["fd10::1:0/112"].compactMap { CIDR($0) }
            ) { $0.description == "10.70.0.4" ? "c4" : nil }
        }
        #expect(error?.message == message)
    }
}
