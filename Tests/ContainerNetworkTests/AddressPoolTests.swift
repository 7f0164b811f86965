import ContainerNetwork
import Testing
import WirePrimitives

@Suite struct AddressPoolTests {
    func network(_ subnet: String, gateway: String?, range: (String, String)? = nil) throws -> NetworkDefinition {
        let lease = range.map { NetworkDefinition.LeaseRange(start: IPAddress($0.0), end: IPAddress($0.1)) }
        let part = NetworkDefinition.Subnet(
            subnet: try #require(CIDR(subnet)), gateway: gateway.flatMap { IPAddress($0) }, leaseRange: lease)
        return NetworkDefinition(
            name: "n", id: String(repeating: "a", count: 64), networkInterface: "br0", subnets: [part])
    }

    @Test(
        arguments: [
            ("10.0.0.0/24", "10.0.0.1", 253), ("10.0.0.0/30", "10.0.0.1", 1), ("10.0.0.0/29", "10.0.0.6", 5),
            ("10.0.0.0/29", nil, 6), ("10.0.0.0/31", "10.0.0.1", 1), ("fd10::/120", "fd10::1", 254),
        ] as [(String, String?, Int)])
    func `gives every address once, never the gateway's, and then says how many there were`(
        subnet: String, gateway: String?, count: Int
    ) throws {
        let network = try network(subnet, gateway: gateway)
        let cidr = network.subnets[0].subnet
        var holders: [IPAddress: String] = [:]
        var last: IPAddress?
        for number in 0..<count {
            let address = try #require(network.assignAddresses(previous: { _ in last }, holder: { holders[$0] }).first)
            #expect(holders[address] == nil, "given twice")
            #expect(address.description != gateway)
            #expect(address != cidr.broadcast)
            #expect(cidr.contains(address))
            holders[address] = "c\(number)"
            last = address
        }
        let error = #expect(throws: NetworkError.self) {
            try network.assignAddresses(previous: { _ in last }, holder: { holders[$0] })
        }
        #expect(error?.kind == .exhausted)
        #expect(error?.message.contains("all \(count) addresses") == true, "\(error?.message ?? "")")
        #expect(AddressPool(network.subnets[0]).capacity == UInt128(count))
    }

    @Test func `an address that was let go of comes last`() throws {
        let network = try network("10.50.0.0/24", gateway: "10.50.0.254", range: ("10.50.0.1", "10.50.0.7"))
        var holders: [IPAddress: String] = [:]
        var last: IPAddress?
        func next() throws -> String {
            let address = try #require(network.assignAddresses(previous: { _ in last }, holder: { holders[$0] }).first)
            holders[address] = "c"
            last = address
            return address.description
        }
        #expect(try next() == "10.50.0.1")
        holders = [:]
        #expect(try (2...7).map { _ in try next() } == (2...7).map { "10.50.0.\($0)" })
        #expect(try next() == "10.50.0.1")
        holders[try #require(IPAddress("10.50.0.4"))] = nil
        #expect(try next() == "10.50.0.4")
        #expect(throws: NetworkError.self) { try next() }
    }

    @Test func `an address that is asked for is given, once`() throws {
        let network = NetworkDefinition.podmanDefault
        let wanted = try #require(IPAddress("10.88.0.100"))
        #expect(try network.assignAddresses(requested: [wanted], holder: { _ in nil }) == [wanted])
        let taken = #expect(throws: NetworkError.self) {
            try network.assignAddresses(requested: [wanted], holder: { _ in "c1" })
        }
        #expect(
            taken?.message == "IPAM error: requested ip address 10.88.0.100 is already allocated to container ID c1")
        let stray = try #require(IPAddress("10.89.0.1"))
        let error = #expect(throws: NetworkError.self) {
            try network.assignAddresses(requested: [stray], holder: { _ in nil })
        }
        #expect(error?.message == "requested static ip 10.89.0.1 not in any subnet on network podman")
        for useless in ["10.88.0.1", "10.88.0.0", "10.88.255.255"] {
            let address = try #require(IPAddress(useless))
            #expect(throws: NetworkError.self) {
                try network.assignAddresses(requested: [address], holder: { _ in nil })
            }
        }
    }

    @Test func `a previous address outside the range begins anew`() throws {
        let pool = AddressPool(NetworkDefinition.podmanDefault.subnets[0])
        #expect(try pool.next(after: IPAddress("10.99.0.1"), isTaken: { _ in false }).description == "10.88.0.2")
        #expect(try pool.next(after: IPAddress("10.88.255.254"), isTaken: { _ in false }).description == "10.88.0.2")
        #expect(try pool.next(after: IPAddress("fd10::1"), isTaken: { _ in false }).description == "10.88.0.2")
    }
}
