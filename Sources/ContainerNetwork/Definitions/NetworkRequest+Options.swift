internal import WirePrimitives

extension NetworkRequest {
    /// Docker's names of options that there are here, too.
    private static let dockerNames = [
        "com.docker.network.driver.mtu": "mtu", "com.docker.network.bridge.name": "bridge_name",
        "com.docker.network.bridge.enable_icc": "icc",
        "com.docker.network.bridge.gateway_mode_ipv4": "gateway_mode_ipv4",
        "com.docker.network.bridge.gateway_mode_ipv6": "gateway_mode_ipv6",
        "com.docker.network.host_ipv4": "outbound_addr4", "com.docker.network.host_ipv6": "outbound_addr6",
    ]

    /// Docker's names of what is not here, with the value that changes nothing and what to use instead.
    private static let dockerOnly: [String: (harmless: String, instead: String)] = [
        "com.docker.network.bridge.enable_ip_masquerade": (
            "true", "what leaves a network is masqueraded: choose its address with outbound_addr4 and outbound_addr6"
        ),
        "com.docker.network.bridge.host_binding_ipv4": (
            "0.0.0.0", "give the address with each published port: -p ADDRESS:PORT:PORT"
        ),
        "com.docker.network.bridge.inhibit_ipv4": (
            "false", "use a bridge of your own with mode=unmanaged, which gets no address"
        ),
        "com.docker.network.container_iface_prefix": (
            "eth", "name the interface with --network NAME:interface_name=INTERFACE"
        ),
        "com.docker.network.enable_ipv4": ("true", "give an IPv6 --subnet only"),
    ]
    private static let dockerIPv6 = "com.docker.network.enable_ipv6"

    /// The request with `--ipv6` for Docker's option of that meaning; nil when that is not among the options.
    func readingDockerIPv6() throws(NetworkError) -> NetworkRequest? {
        guard let value = options[Self.dockerIPv6] else { return nil }
        var request = self
        request.options[Self.dockerIPv6] = nil
        if try Self.boolean(value, Self.dockerIPv6) == "true" { request.ipv6 = true }
        return request
    }

    /// Reads `--opt`: each is looked at now, so that no container fails for it later.
    func takeOptions(into network: inout NetworkDefinition) throws(NetworkError) {
        for (written, value) in options.sorted(by: { $0.key < $1.key }) {
            let key = Self.dockerNames[written] ?? written
            if let other = Self.dockerOnly[written] {
                if value == other.harmless { continue }
                throw NetworkError(.invalid, "option \(written)=\(value) is not supported: \(other.instead)")
            }
            switch (driver, key) {
            // As in Podman, no number is the kernel's choice.
            case (_, "mtu") where value.isEmpty: continue
            case (_, "mtu"):
                guard let mtu = Int(value) else {
                    throw NetworkError(.invalid, "strconv.Atoi: parsing \"\(value)\": invalid syntax")
                }
                guard mtu >= 0 else { throw NetworkError(.invalid, "mtu \(value) is less than zero") }
                guard mtu <= Int(UInt16.max) else {
                    throw NetworkError(.invalid, "mtu \(value) is too large: 65535 is the largest")
                }
                network.options["mtu"] = value
            case (_, "metric"):
                guard UInt32(value) != nil else {
                    throw NetworkError(.invalid, "unable to parse \"metric\": \"\(value)\" is no number")
                }
                network.options["metric"] = value
            case (_, "no_default_route"): network.options[key] = try Self.boolean(value, key)
            case ("bridge", "bridge_name"), ("macvlan", "parent"), ("ipvlan", "parent"):
                network.networkInterface = value
            case ("bridge", _): try takeBridgeOption(key, value, written, into: &network)
            default: try takeVLANOption(key, value, into: &network)
            }
        }
    }

    private func takeBridgeOption(
        _ key: String, _ value: String, _ written: String, into network: inout NetworkDefinition
    ) throws(NetworkError) {
        switch key {
        case "isolate":
            network.options[key] = value == "strict" ? value : value.isEmpty ? "false" : try Self.boolean(value, key)
        case "icc": network.options[key] = try Self.boolean(value, key)
        case "gateway_mode", "gateway_mode_ipv4", "gateway_mode_ipv6":
            guard ["nat", "routed"].contains(value) else {
                throw NetworkError(
                    .invalid,
                    "\(written)=\(value): \"nat\" keeps containers' addresses closed to other hosts, \"routed\" opens them"
                )
            }
            network.options[key] = value
        case "vlan":
            guard let number = Int(value) else {
                throw NetworkError(.invalid, "strconv.Atoi: parsing \"\(value)\": invalid syntax")
            }
            guard (0...4094).contains(number) else {
                throw NetworkError(.invalid, "vlan ID \(value) must be between 0 and 4094")
            }
            network.options[key] = value
        case "vrf":
            guard InterfaceName(value) != nil else { throw NetworkError(.invalid, "invalid vrf name") }
            network.options[key] = value
        case "mode":
            guard ["", "managed", "unmanaged"].contains(value) else {
                throw NetworkError(.invalid, "unknown bridge mode \"\(value)\"")
            }
            network.options[key] = value
        case "outbound_addr4", "outbound_addr6":
            guard let address = IPAddress(value), address.family == (key.hasSuffix("4") ? .ipv4 : .ipv6) else {
                throw NetworkError(.invalid, "\(key)=\(value): not an IPv\(key.suffix(1)) address")
            }
            network.options[key] = value
        default: throw NetworkError(.invalid, "unsupported bridge network option \(written)")
        }
    }

    private func takeVLANOption(
        _ key: String, _ value: String, into network: inout NetworkDefinition
    ) throws(NetworkError) {
        let modes = driver == "macvlan" ? ["bridge", "private", "vepa", "passthru", "source"] : ["l2", "l3", "l3s"]
        switch key {
        case "mode", "\(driver)_mode":
            guard modes.contains(value) else { throw NetworkError(.invalid, "unknown \(driver) mode \"\(value)\"") }
            network.options["mode"] = value
        case "bclim" where driver == "macvlan":
            guard Int32(value) != nil else {
                throw NetworkError(.invalid, "failed to parse \"bclim\" option: \"\(value)\" is no number")
            }
            network.options[key] = value
        default: throw NetworkError(.invalid, "unsupported \(driver) network option \(key)")
        }
    }

    /// What Go's `strconv.ParseBool` takes, as `true` or `false`.
    private static func boolean(_ value: String, _ key: String) throws(NetworkError) -> String {
        switch value {
        case "1", "t", "T", "TRUE", "true", "True": return "true"
        case "0", "f", "F", "FALSE", "false", "False": return "false"
        default:
            throw NetworkError(
                .invalid, "failed to parse \(key) option: strconv.ParseBool: parsing \"\(value)\": invalid syntax")
        }
    }
}
