import ContainerNetwork
import LinuxSys
import Testing
import WirePrimitives

/// What Podman 4.3.1 has not, and so was not recorded: options of later versions, and what is stricter here.
@Suite struct NetworkRequestTests {
    func define(_ arguments: String, besides networks: [NetworkDefinition] = []) throws -> NetworkDefinition {
        var random = SeededRandom(2)
        return try NetworkRequest(arguments: arguments.split(separator: " ").map(String.init)).definition(
            among: DefinitionGoldenTests.host(networks), created: "NOW", &random)
    }

    @Test(
        arguments: [
            ("-o isolate=strict", ["isolate": "strict"]), ("-o isolate=1", ["isolate": "true"]),
            ("-o metric=200", ["metric": "200"]), ("-o no_default_route=t", ["no_default_route": "true"]),
            ("-o vrf=red", ["vrf": "red"]), ("-o mode=unmanaged", ["mode": "unmanaged"]),
            ("-o outbound_addr4=192.0.2.1", ["outbound_addr4": "192.0.2.1"]),
            ("-o outbound_addr6=2001:db8::1", ["outbound_addr6": "2001:db8::1"]),
            ("-o icc=FALSE", ["icc": "false"]), ("-o com.docker.network.bridge.enable_icc=false", ["icc": "false"]),
            ("-o com.docker.network.driver.mtu=1400", ["mtu": "1400"]),
            ("-o com.docker.network.bridge.gateway_mode_ipv4=routed", ["gateway_mode_ipv4": "routed"]),
            ("-o com.docker.network.host_ipv4=192.0.2.1", ["outbound_addr4": "192.0.2.1"]),
            ("-o com.docker.network.bridge.enable_ip_masquerade=true", [:]), ("-o mtu=", [:]),
            ("-o isolate=", ["isolate": "false"]),
            ("-d macvlan --subnet 10.60.0.0/24 -o mode=source", ["mode": "source"]),
            ("-d macvlan --subnet 10.60.0.0/24 -o mode=vepa -o bclim=3", ["mode": "vepa", "bclim": "3"]),
            ("-d macvlan --subnet 10.60.0.0/24 -o macvlan_mode=passthru", ["mode": "passthru"]),
            ("-d ipvlan --subnet 10.60.0.0/24 -o mode=l3s -o metric=5", ["mode": "l3s", "metric": "5"]),
        ] as [(String, [String: String])])
    func `options are kept under Podman's names`(arguments: String, options: [String: String]) throws {
        #expect(try define(arguments).options == options)
    }

    @Test(arguments: [
        ("-o isolate=STRICT", "failed to parse isolate option: strconv.ParseBool: parsing \"STRICT\": invalid syntax"),
        (
            "-o com.docker.network.bridge.host_binding_ipv4=127.0.0.1",
            "option com.docker.network.bridge.host_binding_ipv4=127.0.0.1 is not supported: give the address with each "
                + "published port: -p ADDRESS:PORT:PORT"
        ),
        (
            "--subnet 10.60.0.0/24 --dns 10.60.0.1",
            "network DNS server 10.60.0.1 matches the gateway of network \"x\"; using it would cause the server of names "
                + "to forward queries to itself"
        ),
        ("-o metric=-1", "unable to parse \"metric\": \"-1\" is no number"),
        ("-o mtu=70000", "mtu 70000 is too large: 65535 is the largest"),
        ("-o vlan=-1", "vlan ID -1 must be between 0 and 4094"),
        ("-o vrf=a/b", "invalid vrf name"), ("-o mode=half", "unknown bridge mode \"half\""),
        ("-o outbound_addr4=fd10::1", "outbound_addr4=fd10::1: not an IPv4 address"),
        ("-o outbound_addr6=10.0.0.1", "outbound_addr6=10.0.0.1: not an IPv6 address"),
        ("-o parent=eth0", "unsupported bridge network option parent"),
        ("-o bclim=1", "unsupported bridge network option bclim"),
        ("-d macvlan --subnet 10.60.0.0/24 -o isolate=true", "unsupported macvlan network option isolate"),
        ("-d ipvlan --subnet 10.60.0.0/24 -o bclim=1", "unsupported ipvlan network option bclim"),
        ("-d ipvlan --subnet 10.60.0.0/24 -o mode=bridge", "unknown ipvlan mode \"bridge\""),
        ("-d macvlan --subnet 10.60.0.0/24 -o bclim=x", "failed to parse \"bclim\" option: \"x\" is no number"),
        (
            "--interface-name abcdefghijklmnop",
            "interface name abcdefghijklmnop is too long: interface names must be 15 characters or less: invalid argument"
        ),
        (
            "--interface-name a/b",
            "bridge name a/b invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"
        ),
        ("--interface-name podman0", "bridge name podman0 already in use"),
        ("--interface-name br7 --subnet 10.60.0.0/24 --subnet 10.60.0.0/24", "duplicate subnet defined: 10.60.0.0/24"),
        ("--subnet 10.60.0.0/16 --subnet 10.60.1.0/24", "overlapping subnets: 10.60.0.0/16 and 10.60.1.0/24"),
        (
            "--subnet 10.60.0.0/24 --ip-range 10.60.0.9-10.60.0.3",
            "lease range start ip 10.60.0.9 must be less than or equal to end ip 10.60.0.3"
        ),
        (
            "--subnet 10.60.0.0/24 --ip-range 10.60.0.9-nonsense",
            "range \"10.60.0.9-nonsense\" is not FIRST-LAST: give two addresses"
        ),
        (
            "--subnet 10.60.0.0/24 --ip-range 10.60.0.9-10.60.1.3",
            "lease range end ip 10.60.1.3 not in subnet 10.60.0.0/24"
        ),
        (
            "--disable-dns --dns 9.9.9.9",
            "cannot set NetworkDNSServers if DNS is not enabled for the network: invalid argument"
        ),
        ("--dns nine", "unable to parse ip nine specified in NetworkDNSServers: invalid argument"),
        (
            "-d ipvlan --ipam-driver dhcp --subnet 10.60.0.0/24", "ipam driver dhcp set but subnets are set"
        ),
        (
            "-d ipvlan --ipam-driver host-local",
            "ipvlan driver needs at least one subnet specified when the host-local ipam driver is set"
        ),
        ("-d ipvlan --subnet 10.60.0.0/24 --interface-name wlan9", "parent interface wlan9 does not exist"),
        (
            "--route 10.1.0.0/16",
            "invalid route: 10.1.0.0/16\nFormat: --route <destination in CIDR>,<gateway or blackhole|unreachable|prohibit>,<metric (optional)>"
        ),
        ("--route 10.1.0.1/16,10.89.0.2", "invalid route destination 10.1.0.1/16"),
        ("--route nowhere,10.89.0.2", "invalid route destination nowhere"),
        ("--route 10.1.0.0/16,nobody", "invalid route gateway nobody"),
        ("--route 10.1.0.0/16,10.89.0.2,many", "invalid route metric many"),
        ("--route 10.1.0.0/16,10.89.0.2,-1", "invalid route metric -1"),
        ("--route 10.1.0.0/16,fd10::1", "route with ipv4 destination and ipv6 gateway (10.1.0.0/16 via fd10::1)"),
        ("--route fd20::/64,10.89.0.2", "route with ipv6 destination and ipv4 gateway (fd20::/64 via 10.89.0.2)"),
    ])
    func `what cannot be is refused in words that say what`(arguments: String, message: String) throws {
        let error = #expect(throws: NetworkError.self) { try define(arguments + " x") }
        #expect(error?.message == message)
    }

    @Test(arguments: [
        ("10.1.0.0/16,10.89.0.2", "10.1.0.0/16 via 10.89.0.2 unicast metric nil"),
        ("10.1.0.0/16,10.89.0.2,7", "10.1.0.0/16 via 10.89.0.2 unicast metric 7"),
        ("FD20::/64,fd10::2", "fd20::/64 via fd10::2 unicast metric nil"),
        ("0.0.0.0/0,10.89.0.2", "0.0.0.0/0 via 10.89.0.2 unicast metric nil"),
        ("10.1.0.0/16,blackhole", "10.1.0.0/16 via nil blackhole metric nil"),
        ("10.1.0.0/16,unreachable,9", "10.1.0.0/16 via nil unreachable metric 9"),
        ("fd20::/64,prohibit", "fd20::/64 via nil prohibit metric nil"),
    ])
    func `routes have a gateway or a kind`(text: String, wanted: String) throws {
        let route = try #require(try define("--route \(text)").routes.first)
        let gateway = route.gateway.map { "\($0)" } ?? "nil"
        let metric = route.metric.map { "\($0)" } ?? "nil"
        #expect("\(route.destination) via \(gateway) \(route.kind) metric \(metric)" == wanted)
    }

    @Test(arguments: ["host", "none", "bridge", "container", "private", "ns", "slirp4netns", "pasta", "default"])
    func `what is a mode of --network is no name of a network`(name: String) {
        #expect(
            throws: NetworkError(
                .invalid, "cannot create network with name \"\(name)\" because it conflicts with a valid network mode")
        ) { try define(name) }
    }

    @Test func `Docker's enable_ipv6 adds an IPv6 subnet`() throws {
        let with = try define("-o com.docker.network.enable_ipv6=true").subnets.map(\.subnet.family)
        #expect(with.contains(.ipv6))
        #expect(try define("-o com.docker.network.enable_ipv6=false").subnets.map(\.subnet.family) == [.ipv4])
    }

    @Test func `a range may be two addresses`() throws {
        let subnet = try define("--subnet 10.60.0.0/24 --ip-range 10.60.0.9-10.60.0.20").subnets[0]
        #expect(subnet.leaseRange == .init(start: IPAddress("10.60.0.9"), end: IPAddress("10.60.0.20")))
    }

    @Test func `what others use is shared where the user says so`() throws {
        let first = try define("--interface-name br7 -o mode=unmanaged a")
        let second = try define("--interface-name br7 -o mode=unmanaged --subnet 10.60.0.0/24 b", besides: [first])
        #expect(second.networkInterface == "br7")
        let third = try define("-o com.docker.network.bridge.name=br7 -o vlan=4 c", besides: [first, second])
        #expect(third.networkInterface == "br7")
        #expect(throws: NetworkError(.conflict, "bridge name br7 already in use")) {
            try define("--interface-name br7 d", besides: [first])
        }
    }

    @Test func `names that are made up are free as bridge, link and network`() throws {
        let first = try define("podman1")
        #expect(first.networkInterface == "podman1")
        let second = try define("podman2 --interface-name br7", besides: [first])
        #expect(try define("", besides: [first, second]).name == "podman3")
        var random = SeededRandom(3)
        var surroundings = DefinitionGoldenTests.host([])
        surroundings.interfaces.insert("podman1")
        let network = try NetworkRequest().definition(among: surroundings, created: "NOW", &random)
        #expect(network.name == "podman2")
        #expect(network.networkInterface == "podman2")
    }

    @Test func `an id is neither a number nor begins as another's`() throws {
        // Of every four words one id is made: the first is all digits, the second the other network's.
        let other = "abcdef0123456789" + String(repeating: "0", count: 48)
        var random = ScriptedRandom([0x1234_5678_9012_3456, 1, 2, 3, 0xabcd_ef01_2345_ffff, 1, 2, 3, 0xfedc << 48])
        var taken = NetworkDefinition.podmanDefault
        taken.id = other
        let network = try NetworkRequest().definition(
            among: DefinitionGoldenTests.host([taken]), created: "NOW", &random)
        #expect(network.id == "fedc" + String(repeating: "0", count: 60))
    }
}

/// Numbers that are told; 0 after the last.
struct ScriptedRandom: RandomNumberGenerator {
    private var numbers: [UInt64]

    init(_ numbers: [UInt64]) { self.numbers = numbers.reversed() }

    mutating func next() -> UInt64 { numbers.popLast() ?? 0 }
}
