import ContainerNetwork
import Glibc
import LinuxSys
import Testing
import WirePrimitives

/// What Podman 4.3.1 makes of `-p`, asked of the real one (`ps` PORTS after `create`, or its error).
@Suite struct PublishedPortTests {
    @Test(arguments: [
        ("8080:80", "0.0.0.0:8080->80/tcp"), ("127.0.0.1:8080:80", "127.0.0.1:8080->80/tcp"),
        ("8080:80/udp", "0.0.0.0:8080->80/udp"), ("8080:80/UDP", "0.0.0.0:8080->80/udp"),
        ("8080:80/sctp", "0.0.0.0:8080->80/sctp"), ("8080-8083:80-83", "0.0.0.0:8080-8083->80-83/tcp"),
        ("[::]:8080:80", ":::8080->80/tcp"), ("[::1]:8080:80", "::1:8080->80/tcp"),
        ("0.0.0.0:8080:80", "0.0.0.0:8080->80/tcp"), ("65535:80", "0.0.0.0:65535->80/tcp"),
        ("+80:80", "0.0.0.0:80->80/tcp"),
        ("080:80", "0.0.0.0:80->80/tcp"), ("8080:80 8081:81", "0.0.0.0:8080-8081->80-81/tcp"),
        ("8080:80 8081:81 8082:82/udp", "0.0.0.0:8080-8081->80-81/tcp, 0.0.0.0:8082->82/udp"),
        ("8081:81 8080:80", "0.0.0.0:8080-8081->80-81/tcp"), ("8080:80 8080:80", "0.0.0.0:8080->80/tcp"),
        ("8080:80 8081:80", "0.0.0.0:8080->80/tcp, 0.0.0.0:8081->80/tcp"),
        ("8080-8082:80-82 8081:81", "0.0.0.0:8080-8082->80-82/tcp"),
        ("127.0.0.1:8080:80 127.0.0.1:8081:81", "127.0.0.1:8080-8081->80-81/tcp"),
        ("8080:80/tcp 8080:80/udp", "0.0.0.0:8080->80/tcp, 0.0.0.0:8080->80/udp"),
        ("8080:80 9090:81", "0.0.0.0:8080->80/tcp, 0.0.0.0:9090->81/tcp"),
        ("127.0.0.1:8080-8081:80-81/udp", "127.0.0.1:8080-8081->80-81/udp"),
        ("80", "0.0.0.0:0->80/tcp"), (":80", "0.0.0.0:0->80/tcp"), ("127.0.0.1::80", "127.0.0.1:0->80/tcp"),
        ("80 80", "0.0.0.0:0->80/tcp"), ("80 81", "0.0.0.0:0->80/tcp, 0.0.0.0:0->81/tcp"),
    ])
    func `is read as Podman reads it`(values: String, column: String) throws {
        let mappings = try PublishedPort.parse(all: values.split(separator: " ").map(String.init))
        #expect(PortMapping.column(mappings) == column)
    }

    @Test(arguments: [
        ("::80", "must provide a non-empty container host IP to publish"),
        (":8080:80", "must provide a non-empty container host IP to publish"),
        ("8080:", "must provide a non-empty container port to publish"),
        ("8080:80/foo", "unrecognized protocol \"foo\" in port mapping"),
        ("8080:80/", "must provide a non-empty protocol to publish"),
        ("8080:80/tcp/udp", "invalid port format - protocol can only be specified once"),
        ("8080-8083:80-82", "host and container port ranges have different lengths: 4 vs 3"),
        ("8080:80-83", "host and container port ranges have different lengths: 1 vs 4"),
        (
            "8083-8080:83-80",
            "parsing container port: the end port of a range must be higher than the start port - 80 is not higher than 83"
        ),
        ("::1:8080:80", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
        ("[::1:8080:80", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
        ("[::1]8080:80", "invalid port format - IPv6 address must be followed by a colon (':')"),
        ("localhost:8080:80", "cannot parse \"localhost\" as an IP address"),
        ("99999:80", "parsing host port: port numbers must be between 1 and 65535 (inclusive), got 99999"),
        ("80:99999", "parsing container port: port numbers must be between 1 and 65535 (inclusive), got 99999"),
        ("0:80", "parsing host port: port numbers must be between 1 and 65535 (inclusive), got 0"),
        ("-1:80", "parsing host port: port numbers cannot be negative"),
        ("abc:80", "parsing host port: invalid port number: strconv.Atoi: parsing \"abc\": invalid syntax"),
        ("0x50:80", "parsing host port: invalid port number: strconv.Atoi: parsing \"0x50\": invalid syntax"),
        ("1.2.3.4:80:80:80", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
        ("8080-:80", "parsing host port: must provide ending number for port range"),
        (
            "8080-8081-8082:80",
            "parsing host port: invalid port format - port ranges are formatted as startPort-stopPort"
        ),
        ("8080-8082:80-82 8081:91", "conflicting port mappings for host port 8081 (protocol tcp)"),
        (
            "8080-8080:80-80",
            "parsing container port: the end port of a range must be higher than the start port - 80 is not higher than 80"
        ),
        ("65534-65536:80-82", "parsing host port: port numbers must be between 1 and 65535 (inclusive), got 65536"),
    ])
    func `is refused in Podman's words`(values: String, message: String) {
        let error = #expect(throws: NetworkError.self) {
            try PublishedPort.parse(all: values.split(separator: " ").map(String.init))
        }
        #expect(error?.message == message)
    }

    @Test func `one host port cannot lead to two ports`() {
        #expect(throws: NetworkError.self) { try PublishedPort.parse(all: ["8080:80", "8080:81"]) }
    }

    @Test func `each port has a line`() throws {
        let mappings = try PublishedPort.parse(all: ["8080-8081:80-81"])
        #expect(mappings.flatMap(\.portLines) == ["80/tcp -> 0.0.0.0:8080", "81/tcp -> 0.0.0.0:8081"])
    }
}

@Suite(.serialized) struct PortClaimTests {
    static let loopback = IPAddress("127.0.0.1")

    func free(_ range: UInt16 = 1, _ transport: PortProtocol = .tcp) -> PortMapping {
        PortMapping(hostIP: Self.loopback, hostPort: 0, containerPort: 80, range: range, protocol: transport)
    }

    @Test(arguments: [PortProtocol.tcp, .udp])
    func `a port that is claimed cannot be claimed again until it is let go`(transport: PortProtocol) throws {
        var claim: PortClaim? = try PortClaim([free(1, transport)])
        let mapping = try #require(claim?.mappings.first)
        #expect(mapping.hostPort > 0)
        let error = #expect(throws: NetworkError.self) { try PortClaim([mapping]) }
        let name = transport.rawValue
        let expected =
            "cannot listen on the \(name.uppercased()) port: listen \(name)4 127.0.0.1:\(mapping.hostPort): bind: "
            + "address already in use: "
        #expect(error?.message.hasPrefix(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasSuffix("(pid \(getpid())) has it") == true, "\(error?.message ?? "")")
        #expect(error?.errno == .addressInUse)
        claim = nil
        #expect(try PortClaim([mapping]).mappings == [mapping])
    }

    @Test func `a range of free ports is consecutive`() throws {
        let claim = try PortClaim([free(4)])
        #expect(claim.descriptors.count == 4)
    }

    @Test func `when one port is taken none is kept`() throws {
        let taken = try PortClaim([free()])
        let other = try PortClaim([free()])
        let port = try #require(other.mappings.first)
        _ = consume other
        #expect(throws: NetworkError.self) { try PortClaim([port] + taken.mappings) }
        #expect(try PortClaim([port]).mappings == [port])
    }

    @Test func `an address of another host is named`() {
        let mapping = PortMapping(hostIP: IPAddress("192.0.2.1"), hostPort: 8080, containerPort: 80)
        let error = #expect(throws: NetworkError.self) { try PortClaim([mapping]) }
        #expect(
            error?.message
                == "cannot listen on the TCP port: listen tcp4 192.0.2.1:8080: bind: cannot assign requested address")
    }
}
