public import WirePrimitives

/// Transport protocols whose ports can be published.
public enum PortProtocol: String, Hashable, Sendable, Codable, CaseIterable {
    /// The Transmission Control Protocol.
    case tcp
    /// The User Datagram Protocol.
    case udp
    /// The Stream Control Transmission Protocol.
    case sctp
}

/// Ports of the host that lead to ports of a container: Podman's and netavark's `PortMapping`.
public struct PortMapping: Hashable, Sendable, Codable {
    /// The host's address that is published; nil is every IPv4 and IPv6 one.
    public var hostIP: IPAddress?
    /// The first port in the container.
    public var containerPort: UInt16
    /// The first port of the host; 0 is a free one that is yet to be chosen.
    public var hostPort: UInt16
    /// How many consecutive ports.
    public var range: UInt16
    /// Which protocol's.
    public var `protocol`: PortProtocol

    /// Names as netavark's protocol has them.
    private enum CodingKeys: String, CodingKey {
        case range, `protocol`
        case hostIP = "host_ip"
        case containerPort = "container_port"
        case hostPort = "host_port"
    }

    /// `range` ports from `hostPort` on lead to those from `containerPort` on.
    public init(
        hostIP: IPAddress? = nil, hostPort: UInt16, containerPort: UInt16, range: UInt16 = 1,
        protocol: PortProtocol = .tcp
    ) {
        self.hostIP = hostIP
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.range = range
        self.protocol = `protocol`
    }

    /// Reads netavark's form, where an empty address is every one and a range of 0 is one port.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let ip = try values.decodeIfPresent(String.self, forKey: .hostIP) ?? ""
        hostIP = IPAddress(ip)
        guard ip.isEmpty || hostIP != nil else {
            throw DecodingError.dataCorruptedError(
                forKey: .hostIP, in: values, debugDescription: "invalid host ip \"\(ip)\" provided")
        }
        containerPort = try values.decode(UInt16.self, forKey: .containerPort)
        hostPort = try values.decode(UInt16.self, forKey: .hostPort)
        range = max(1, try values.decodeIfPresent(UInt16.self, forKey: .range) ?? 1)
        `protocol` = try values.decode(PortProtocol.self, forKey: .protocol)
    }

    /// Writes netavark's form.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(hostIP?.description ?? "", forKey: .hostIP)
        try values.encode(containerPort, forKey: .containerPort)
        try values.encode(hostPort, forKey: .hostPort)
        try values.encode(range, forKey: .range)
        try values.encode(`protocol`, forKey: .protocol)
    }

    /// The host's ports; nil while none is chosen.
    public var hostPorts: PortRange? { PortRange(hostPort, count: Int(range)) }

    /// The column PORTS of `ps`: `0.0.0.0:8080->80/tcp`, `0.0.0.0:8080-8083->80-83/tcp`.
    public var description: String {
        let ip = hostIP?.description ?? "0.0.0.0"
        return "\(ip):\(Self.text(hostPort, range))->\(Self.text(containerPort, range))/\(`protocol`.rawValue)"
    }

    private static func text(_ first: UInt16, _ count: UInt16) -> String {
        count > 1 ? "\(first)-\(Int(first) + Int(count) - 1)" : "\(first)"
    }

    /// The lines of `port`, one a port: `80/tcp -> 0.0.0.0:8080`.
    public var portLines: [String] {
        (0..<Int(range)).map { offset in
            "\(Int(containerPort) + offset)/\(`protocol`.rawValue) -> "
                + "\(hostIP?.description ?? "0.0.0.0"):\(Int(hostPort) + offset)"
        }
    }

    /// The column PORTS of a container with these mappings.
    public static func column(_ mappings: [PortMapping]) -> String {
        mappings.map(\.description).joined(separator: ", ")
    }
}

extension PortMapping: CustomStringConvertible {}
