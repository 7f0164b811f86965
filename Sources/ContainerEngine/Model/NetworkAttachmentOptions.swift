public import WirePrimitives

/// What one container wants of one network: the options of `--network NAME:OPTION,…` and of `network connect`.
public struct NetworkAttachmentOptions: Codable, Hashable, Sendable {
    /// Addresses asked for, at most one a subnet; the others are chosen.
    public var addresses: [IPAddress] = []
    /// The MAC of the container's interface; the kernel's choice if nil.
    public var macAddress: MACAddress?
    /// More names for the container on this network.
    public var aliases: [String] = []
    /// The interface inside; the next free `ethN` if nil.
    public var interfaceName: InterfaceName?
    /// The interface on the host's side; the next free `vethN` if nil.
    public var hostInterfaceName: InterfaceName?
    /// The default route leads over the network with the highest, as Docker's `gw-priority`; 0 if nil.
    public var gatewayPriority: Int?

    /// No wishes.
    public init() {}

    /// Takes one option as it is written: `ip`, `ip6`, `mac`, `alias`, `interface_name`, `host_interface_name` or
    /// `gw-priority`.
    ///
    /// - Parameters:
    ///   - key: which.
    ///   - value: its text.
    /// - Throws: `EngineError` that names the option and the value.
    public mutating func set(_ key: String, _ value: String) throws {
        switch key {
        case "ip", "ip6":
            guard let address = IPAddress(value), address.family == (key == "ip6" ? .ipv6 : address.family) else {
                throw EngineError("\"\(value)\" is not an ip\(key == "ip6" ? "v6" : "") address")
            }
            addresses.append(address)
        case "mac":
            guard let parsed = MACAddress(value) else {
                throw EngineError("address \(value): invalid MAC address: six pairs of hexadecimal digits are needed")
            }
            macAddress = parsed
        case "alias":
            // Lists of names are separated by commas, and lines by spaces.
            guard !value.isEmpty, !value.contains(where: { $0.isWhitespace || $0 == "," }) else {
                throw EngineError(
                    "network alias \"\(value)\" is invalid: it must not be empty or hold spaces or commas")
            }
            aliases.append(value)
        case "interface_name": interfaceName = try Self.interface(value, key)
        case "host_interface_name": hostInterfaceName = try Self.interface(value, key)
        case "gw-priority", "gw_priority":
            guard let priority = Int(value) else {
                throw EngineError("invalid gw-priority \"\(value)\": it must be a whole number")
            }
            gatewayPriority = priority
        default:
            throw EngineError(
                "unknown bridge network option: \(key): known are ip, ip6, mac, alias, interface_name, "
                    + "host_interface_name and gw-priority")
        }
    }

    private static func interface(_ value: String, _ key: String) throws -> InterfaceName {
        guard let name = InterfaceName(value) else {
            throw EngineError(
                "\(key)=\(value): interface names have 1 to 15 characters without spaces, '/' and ':'")
        }
        return name
    }
}
