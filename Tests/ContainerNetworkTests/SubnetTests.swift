import ContainerNetwork
import Testing
import WirePrimitives

/// Subnets that are chosen, against random surroundings.
@Suite struct SubnetTests {
    func network(_ subnets: [String]) -> NetworkDefinition {
        NetworkDefinition(
            name: "n", id: String(repeating: "b", count: 64), networkInterface: "br9",
            subnets: subnets.compactMap { CIDR($0) }.map { .init(subnet: $0) })
    }

    func chosen(
        _ surroundings: NetworkSurroundings, ipv6: Bool = false, _ random: inout some RandomNumberGenerator
    ) throws -> [CIDR] {
        var request = NetworkRequest()
        request.ipv6 = ipv6
        return try request.definition(among: surroundings, created: "NOW", &random).subnets.map(\.subnet)
    }

    /// A block of 2 to 65,536 addresses somewhere in the pools' first networks.
    func block(_ random: inout SeededRandom) throws -> CIDR {
        let number = UInt32(0x0A59_0000) + UInt32.random(in: 0..<0x2000, using: &random)
        return try #require(
            CIDR(containing: .v4(IPv4Address(rawValue: number)), prefixLength: .random(in: 16...31, using: &random)))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `it is the first that nobody uses`(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let blocks = try (0..<Int.random(in: 0...12, using: &random)).map { _ in try block(&random) }
        let half = blocks.count / 2
        let surroundings = NetworkSurroundings(
            networks: [network(blocks[..<half].map(\.description))], interfaces: [],
            hostNetworks: Array(blocks[half...]) + [CIDR("0.0.0.0/0")].compactMap { $0 })
        let subnet = try #require(try chosen(surroundings, &random).first)
        #expect(subnet.prefixLength == 24)
        #expect(blocks.allSatisfy { !$0.overlaps(subnet) })
        // Every block before it is somebody's.
        var before = try #require(CIDR("10.89.0.0/24"))
        while before < subnet {
            #expect(blocks.contains { $0.overlaps(before) }, "\(before) was free")
            before = try #require(before.lastAddress.successor.flatMap { CIDR(containing: $0, prefixLength: 24) })
        }
    }

    @Test(arguments: [
        (["10.89.0.0/16"], "10.90.0.0/24"), (["10.89.0.0/16", "10.90.0.0/15"], "10.92.0.0/24"),
        (["10.88.0.0/13", "10.96.0.0/11"], "10.128.0.0/24"), (["10.64.0.0/10", "10.128.0.0/10"], "10.192.0.0/24"),
        (["10.89.0.7/32"], "10.89.1.0/24"), (["10.89.1.0/24"], "10.89.0.0/24"),
    ])
    func `pools are taken in order`(used: [String], wanted: String) throws {
        var random = SeededRandom(0)
        let surroundings = NetworkSurroundings(
            networks: [], interfaces: [], hostNetworks: used.compactMap { CIDR($0) })
        #expect(try chosen(surroundings, &random).map(\.description) == [wanted])
    }

    @Test func `when all are used, that is said with what to do`() throws {
        var random = SeededRandom(0)
        let surroundings = NetworkSurroundings(
            networks: [network(["10.64.0.0/10"])], interfaces: [],
            hostNetworks: [CIDR("10.128.0.0/9")].compactMap { $0 })
        let error = #expect(throws: NetworkError.self) { try chosen(surroundings, &random) }
        #expect(error?.kind == .exhausted)
        #expect(
            error?.message
                == "could not find free subnet from subnet pools: remove networks (network prune), or choose one with --subnet"
        )
    }

    @Test func `a hundred networks do not overlap, and one that is removed is given again`() throws {
        var random = SeededRandom(9)
        var surroundings = NetworkSurroundings(networks: [.podmanDefault], interfaces: [], hostNetworks: [])
        for number in 0..<100 {
            let subnets = try chosen(surroundings, ipv6: number.isMultiple(of: 3), &random)
            for subnet in subnets {
                #expect(surroundings.networks.allSatisfy { !$0.subnets.contains { $0.subnet.overlaps(subnet) } })
            }
            surroundings.networks.append(network(subnets.map(\.description)))
        }
        let removed = surroundings.networks.remove(at: 40).subnets[0].subnet
        #expect(try chosen(surroundings, &random) == [removed])
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `an IPv6 subnet is random, local and of 64 bits`(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let surroundings = NetworkSurroundings(networks: [], interfaces: [], hostNetworks: [])
        let subnets = try chosen(surroundings, ipv6: true, &random)
        #expect(subnets.map(\.family) == [.ipv4, .ipv6])
        #expect(subnets[1].prefixLength == 64)
        #expect(subnets[1].description.hasPrefix("fd"))
        #expect(try chosen(surroundings, ipv6: true, &random)[1] != subnets[1])
    }

    @Test func `an IPv6 subnet that is used is drawn again`() throws {
        // An id takes four numbers, and each subnet one.
        let draws: [UInt64] = [0xab << 56, 0, 0, 0, 0x11, 0x22, 0x33]
        var random = ScriptedRandom(draws)
        let surroundings = NetworkSurroundings(
            networks: [network(["fd00:0:0:11::/64"])], interfaces: [],
            hostNetworks: [CIDR("fd00:0:0:22::5/128")].compactMap { $0 })
        #expect(try chosen(surroundings, ipv6: true, &random)[1].description == "fd00:0:0:33::/64")
        var stuck = ScriptedRandom([0xab << 56])
        let all = NetworkSurroundings(networks: [network(["fd00::/16"])], interfaces: [], hostNetworks: [])
        let error = #expect(throws: NetworkError.self) { try chosen(all, ipv6: true, &stuck) }
        #expect(error?.message == "failed to get random ipv6 subnet: choose one with --subnet")
    }
}
