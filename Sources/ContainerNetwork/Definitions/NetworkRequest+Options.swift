internal import WirePrimitives

extension NetworkRequest {
    /// Docker's names of options that there are here, too.
    private static let dockerNames = [
        "com.docker.network.driver.mtu": "mtu", "com.docker.network.bridge.name": "bridge_name",
        "com.docker.network.bridge.enable_icc": "icc",
        "com.docker.network.bridge.gateway_mode_ipv4": "gateway_mode",
        "com.docker.network.bridge.gateway_mode_ipv6": "gateway_mode",
    ]

    /// Reads `--opt`: each is looked at now, so that no container fails for it later.
    func takeOptions(into network: inout NetworkDefinition) throws(NetworkError) {
        for (written, value) in options.sorted(by: { $0.key < $1.key }) {
            let key = Self.dockerNames[written] ?? written
            switch (driver, key) {
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
        case "isolate": network.options[key] = value == "strict" ? value : try Self.boolean(value, key)
        case "icc": network.options[key] = try Self.boolean(value, key)
        case "gateway_mode":
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
        let modes = driver == "macvlan" ? ["bridge", "private", "vepa", "passthru"] : ["l2", "l3", "l3s"]
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
