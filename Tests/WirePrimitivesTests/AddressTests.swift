import Testing
import WirePrimitives

@Suite struct IPv4AddressTests {
    @Test(arguments: ["0.0.0.0", "10.88.0.1", "255.255.255.255"])
    func `reads and writes dotted decimal`(text: String) {
        #expect(IPv4Address(text)?.description == text)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1..2.3", "1.2.3.4 ", "-1.2.3.4", "a.b.c.d", "1.2.3.+4",
    ])
    func `refuses what inet_pton refuses`(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test func `is ordered by number`() {
        #expect(IPv4Address(rawValue: 9) < IPv4Address(rawValue: 10))
    }
}

@Suite struct IPv6AddressTests {
    @Test(
        "writes RFC 5952's form",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("fd10:91::2", "fd10:91::2"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ])
    func canonical(text: String, expected: String) {
        #expect(IPv6Address(text)?.description == expected)
    }

    @Test(
        "refuses what is no address",
        arguments: [
            "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%eth0", "1.2.3.4::",
            "::1.2.3", "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", "::+1",
        ])
    func malformed(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func `every number is read back from its text`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            // Zeros must be frequent, or no run of them is ever seen.
            let mask = UInt128.random(in: 0...UInt128.max, using: &generator) & UInt128.random(in: 0...UInt128.max)
            let address = IPv6Address(rawValue: UInt128.random(in: 0...UInt128.max, using: &generator) & mask)
            #expect(IPv6Address(address.description) == address)
        }
    }
}

@Suite struct CIDRTests {
    @Test func `clears host bits`() {
        #expect(CIDR("10.53.0.7/24")?.description == "10.53.0.0/24")
        #expect(CIDR("fd10::5/64")?.description == "fd10::/64")
    }

    @Test(arguments: [
        "10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/", "/8", "10.0.0.0/08", "10.0.0.0/8/8",
    ])
    func `refuses what is no network`(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test(
        "knows its ends",
        arguments: [
            ("10.88.0.0/16", "10.88.0.1", "10.88.255.254", "10.88.255.255"),
            ("10.0.0.0/30", "10.0.0.1", "10.0.0.2", "10.0.0.3"),
            ("10.0.0.0/31", "10.0.0.0", "10.0.0.1", nil), ("10.0.0.1/32", "10.0.0.1", "10.0.0.1", nil),
            ("fd10::/64", "fd10::1", "fd10::ffff:ffff:ffff:ffff", nil),
            ("0.0.0.0/0", "0.0.0.1", "255.255.255.254", "255.255.255.255"),
            ("::/0", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nil),
        ] as [(String, String, String, String?)])
    func ends(text: String, first: String, last: String, broadcast: String?) throws {
        let network = try #require(CIDR(text))
        #expect(network.firstHost.description == first)
        #expect(network.lastHost.description == last)
        #expect(network.broadcast?.description == broadcast)
    }

    @Test func `contains its own and nothing else`() throws {
        let network = try #require(CIDR("10.88.0.0/16"))
        #expect(network.contains(try #require(IPAddress("10.88.255.255"))))
        #expect(!network.contains(try #require(IPAddress("10.89.0.0"))))
        #expect(!network.contains(try #require(IPAddress("::ffff:10.88.0.1"))))
        #expect(network.overlaps(try #require(CIDR("10.88.5.0/24"))))
        #expect(network.overlaps(try #require(CIDR("10.0.0.0/8"))))
        #expect(!network.overlaps(try #require(CIDR("10.89.0.0/16"))))
    }

    @Test func `lists its hosts`() throws {
        let hosts = try #require(CIDR("10.0.0.0/29")).hosts.map(\.description)
        #expect(hosts == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"])
    }

    @Test func `an interface keeps its host bits`() throws {
        let address = try #require(InterfaceAddress("10.88.0.2/16"))
        #expect(address.description == "10.88.0.2/16")
        #expect(address.network.description == "10.88.0.0/16")
        #expect(InterfaceAddress(address.address, in: try #require(CIDR("10.89.0.0/16"))) == nil)
    }
}

@Suite struct SmallValueTests {
    @Test func `a MAC address is read with colons or dashes`() {
        #expect(MACAddress("AA-bb-CC-dd-EE-0f")?.description == "aa:bb:cc:dd:ee:0f")
        for text in ["", "aa:bb", "aa:bb:cc:dd:ee:fg", "aa:bb:cc:dd:ee:ff:00", "a:b:c:d:e:f", "+a:bb:cc:dd:ee:ff"] {
            #expect(MACAddress(text) == nil, "\(text)")
        }
    }

    @Test func `a made MAC address is nobody's and no group's`() {
        #expect(MACAddress(locallyAdministered: UInt64.max).description == "fe:ff:ff:ff:ff:ff")
        #expect(MACAddress(locallyAdministered: 0).description == "02:00:00:00:00:00")
    }

    @Test func `a port range has at least one port and none is 0`() {
        #expect(PortRange("80-83")?.count == 4)
        #expect(PortRange("80")?.description == "80")
        #expect(PortRange(65534, count: 2)?.description == "65534-65535")
        for text in ["", "0", "83-80", "80-", "-80", "65536", "80-81-82", "0x50"] {
            #expect(PortRange(text) == nil, "\(text)")
        }
        #expect(PortRange(65535, count: 2) == nil)
        #expect(PortRange(80, count: 0) == nil)
    }

    @Test func `an interface name is what the kernel takes`() {
        for text in ["lo", "eth0", "br.1", "123456789012345", "-"] { #expect(InterfaceName(text)?.description == text) }
        for text in ["", ".", "..", "1234567890123456", "a/b", "a:b", "a b", "a\tb", "ähnlich-lang-äöü"] {
            #expect(InterfaceName(text) == nil, "\(text)")
        }
    }
}
