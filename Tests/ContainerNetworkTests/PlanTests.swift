import ContainerNetwork
import Netlink
import Testing
import WirePrimitives

@Suite struct PlanTests {
    func plan(_ golden: String, on host: HostObservation = HostObservation()) throws -> String {
        let attached = try #require(try GoldenCase(golden).containers.first?.first)
        var request = AttachmentRequest(
            containerID: attached.containerID, containerName: "web1", network: attached.network,
            addresses: attached.addresses, namespacePath: "/run/netns/netns-1")
        if golden.hasPrefix("16") { request.staticMAC = MACAddress("aa:bb:cc:dd:ee:ff") }
        return Plan.text(try BridgeDriver.plan(request, on: host))
    }

    func newHost() -> HostObservation { HostObservation(newBridgeAddress: MACAddress(locallyAdministered: 1)) }

    @Test func `the first container of the default network`() throws {
        #expect(
            try plan("01-bridge-noports", on: newHost()) == """
                ip -n $NS link set dev lo up
                sysctl -w net/ipv4/ip_forward=1
                ip link add name podman0 address 02:00:00:00:00:01 type bridge
                sysctl -w net/ipv4/conf/podman0/route_localnet=1
                sysctl -w net/ipv4/conf/podman0/rp_filter=2
                sysctl -w net/ipv6/conf/podman0/accept_dad=0
                ip address add 10.88.0.1/16 broadcast 10.88.255.255 dev podman0
                ip link set dev podman0 up
                ip link add name veth0 address de:c0:c2:94:8f:67 master podman0 type veth peer name eth0 netns $NS
                ip netns exec $NS sysctl -w net/ipv6/conf/eth0/autoconf=0
                ip netns exec $NS sysctl -w net/ipv6/conf/eth0/accept_dad=0
                ip netns exec $NS sysctl -w net/ipv4/conf/eth0/arp_notify=1
                ip netns exec $NS sysctl -w net/ipv4/conf/eth0/rp_filter=2
                sysctl -w net/ipv6/conf/veth0/accept_dad=0
                ip link set dev veth0 up
                ip -n $NS address add 10.88.0.2/16 broadcast 10.88.255.255 dev eth0
                ip -n $NS link set dev eth0 up
                ip -n $NS route add default via 10.88.0.1 dev eth0 proto static metric 100

                """)
    }

    @Test func `the next container finds the bridge and the lowest free name`() throws {
        var host = HostObservation(takenNames: ["veth0", "veth2"], filtersBridgedFrames: true)
        host.bridge = try bridge(isUp: true)
        host.bridgeAddresses = [try #require(InterfaceAddress("10.88.0.1/16"))]
        let text = try plan("01-bridge-noports", on: host)
        #expect(!text.contains("type bridge"))
        #expect(!text.contains("dev podman0"))
        #expect(text.contains("ip link add name veth1 address de:c0:c2:94:8f:67 mtu 1500 master podman0"))
        #expect(text.contains("bridge link set dev veth1 hairpin on\n"))
    }

    @Test func `a bridge that lost its address and is down gets both again`() throws {
        var host = HostObservation()
        host.bridge = try bridge(isUp: false)
        let text = try plan("01-bridge-noports", on: host)
        #expect(!text.contains("type bridge"))
        #expect(
            text.contains(
                "ip address add 10.88.0.1/16 broadcast 10.88.255.255 dev podman0\nip link set dev podman0 up\n"))
    }

    private func bridge(isUp: Bool) throws -> Link {
        let fake = FakeHost()
        fake.host.change { $0.links["podman0"] = FakeKernel.FakeLink(index: 2, kind: "bridge", isUp: isUp) }
        let name = try #require(InterfaceName("podman0"))
        return try #require(try Session(fake.host).link(name))
    }

    @Test func `both protocols`() throws {
        let text = try plan("10-dualstack-ports", on: newHost())
        for line in [
            "sysctl -w net/ipv6/conf/all/forwarding=1", "sysctl -w net/ipv6/conf/podmand/accept_ra=0",
            "ip address add 10.91.0.1/24 broadcast 10.91.0.255 dev podmand",
            "ip address add fd10:91::1/64 dev podmand nodad",
            "ip -n $NS address add fd10:91::2/64 dev eth0",
            "ip -n $NS route add default via 10.91.0.1 dev eth0 proto static metric 100",
            "ip -n $NS route add default via fd10:91::1 dev eth0 proto static metric 100",
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }

    @Test func `an internal network leads nowhere`() throws {
        let text = try plan("12-internal-dns", on: newHost())
        #expect(text.contains("sysctl -w net/ipv4/conf/podmanid/forwarding=0\n"))
        #expect(text.contains("ip address add 10.92.1.1/24"))
        #expect(!text.contains("ip_forward"))
        #expect(!text.contains("route_localnet"))
        #expect(!text.contains("route add"))
    }

    @Test func `MTU, metric and MAC are as asked`() throws {
        let text = try plan("16-mtu-metric-mac", on: newHost())
        #expect(text.contains("ip link add name podman0 address 02:00:00:00:00:01 mtu 1400 type bridge\n"))
        #expect(
            text.contains(
                "mtu 1400 master podman0 type veth peer name eth0 address aa:bb:cc:dd:ee:ff mtu 1400 netns $NS\n"))
        #expect(text.contains("metric 200\n"))
    }

    @Test func `the way out decides the MTU of a new network's links`() throws {
        let text = try plan("01-bridge-noports", on: HostObservation(uplinkMTU: 9000))
        #expect(text.contains("ip link add name podman0 type bridge\n"))
        #expect(text.contains("mtu 9000 master podman0"))
    }

    @Test func `a network without addresses has links only`() throws {
        let text = try plan("17-ipam-none", on: newHost())
        #expect(!text.contains("address add"))
        #expect(!text.contains("route add"))
        #expect(text.contains("master podmann type veth"))
    }

    @Test(arguments: [
        ("mtu", "abc"), ("metric", "-1"), ("no_default_route", "maybe"), ("vlan", "many"),
        ("vrf", "a name that is too long"), ("mode", "strange"), ("icc", "perhaps"),
    ])
    func `an option that cannot be put into practice is refused`(key: String, value: String) throws {
        var network = NetworkDefinition.podmanDefault
        network.options[key] = value
        let address = try #require(IPAddress("10.88.0.2"))
        let request = AttachmentRequest(
            containerID: "1", containerName: "c", network: network, addresses: [address],
            namespacePath: "/x")
        let error = #expect(throws: NetworkError.self) { try BridgeDriver.plan(request, on: HostObservation()) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains(key) == true || error?.message.contains(value) == true)
    }
}
