internal import WirePrimitives

extension NetworkRequest {
    func chooseSubnets(
        _ network: inout NetworkDefinition, _ surroundings: NetworkSurroundings,
        _ random: inout some RandomNumberGenerator
    ) throws(NetworkError) {
        network.subnets = try writtenSubnets()
        try chooseIPAM(&network)
        guard network.ipamOptions["driver"] == "host-local" else { return }
        for subnet in network.subnets where driver == "bridge" && network.options["mode"] != "unmanaged" {
            if surroundings.uses(subnet.subnet) {
                throw NetworkError(
                    .conflict, "subnet \(subnet.subnet) is already used on the host or by another config")
            }
        }
        for (index, subnet) in network.subnets.enumerated() {
            for other in network.subnets[..<index] where other.subnet.overlaps(subnet.subnet) {
                throw NetworkError(
                    .invalid,
                    other.subnet == subnet.subnet
                        ? "duplicate subnet defined: \(subnet.subnet)"
                        : "overlapping subnets: \(other.subnet) and \(subnet.subnet)")
            }
        }
        guard driver == "bridge" else { return try markIPv6(&network) }
        let families = Set(network.subnets.map(\.subnet.family))
        if network.subnets.isEmpty || ipv6 && !families.contains(.ipv4) {
            network.subnets.append(.init(subnet: try SubnetPool.free(in: subnetPools, besides: surroundings)))
        }
        if ipv6, !families.contains(.ipv6) {
            network.subnets.append(.init(subnet: try SubnetPool.randomIPv6(besides: surroundings, &random)))
        }
        try markIPv6(&network)
    }

    private func markIPv6(_ network: inout NetworkDefinition) throws(NetworkError) {
        network.ipv6Enabled = ipv6 || network.subnets.contains { $0.subnet.family == .ipv6 }
    }

    private func chooseIPAM(_ network: inout NetworkDefinition) throws(NetworkError) {
        let isBridge = driver == "bridge"
        switch ipamDriver {
        case nil where !isBridge && network.subnets.isEmpty, "dhcp":
            if !network.subnets.isEmpty {
                throw NetworkError(.invalid, "ipam driver dhcp set but subnets are set")
            }
            if driver == "ipvlan" {
                throw NetworkError(.invalid, "ipam driver dhcp is not supported with ipvlan")
            }
            if isBridge && network.options["mode"] != "unmanaged" {
                throw NetworkError(
                    .invalid, "cannot use dhcp ipam driver without using the option mode=unmanaged")
            }
            network.ipamOptions = ["driver": "dhcp"]
        case nil, "", "host-local":
            if !isBridge && network.subnets.isEmpty {
                throw NetworkError(
                    .invalid,
                    "\(driver) driver needs at least one subnet specified when the host-local ipam driver is set")
            }
            network.ipamOptions = ["driver": "host-local"]
        case "none":
            guard network.subnets.isEmpty else {
                throw NetworkError(.invalid, "none ipam driver is set but subnets are given")
            }
            network.ipamOptions = ["driver": "none"]
        case let other?: throw NetworkError(.invalid, "unsupported ipam driver \"\(other)\"")
        }
    }

    /// `--subnet`, `--gateway` and `--ip-range`, which belong together by position.
    private func writtenSubnets() throws(NetworkError) -> [NetworkDefinition.Subnet] {
        guard !subnets.isEmpty else {
            if !gateways.isEmpty || !ranges.isEmpty {
                throw NetworkError(.invalid, "cannot set gateway or range without subnet")
            }
            return []
        }
        if gateways.count > subnets.count {
            throw NetworkError(.invalid, "cannot set more gateways than subnets")
        }
        if ranges.count > subnets.count { throw NetworkError(.invalid, "cannot set more ranges than subnets") }
        var result: [NetworkDefinition.Subnet] = []
        for (index, text) in subnets.enumerated() {
            guard text.contains("/"), let subnet = CIDR(text) else {
                throw NetworkError(.invalid, "invalid CIDR address: \(text)")
            }
            var whole = NetworkDefinition.Subnet(subnet: subnet)
            if index < ranges.count { whole.leaseRange = try Self.range(ranges[index]) }
            if index < gateways.count {
                guard let gateway = IPAddress(gateways[index]) else {
                    throw NetworkError(
                        .invalid, "invalid argument \"\(gateways[index])\" for \"--gateway\" flag: it is no IP address")
                }
                whole.gateway = gateway
            }
            result.append(whole)
        }
        return result
    }

    private static func range(_ text: String) throws(NetworkError) -> NetworkDefinition.LeaseRange {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if ends.count == 2 {
            guard let start = IPAddress(ends[0]), let end = IPAddress(ends[1]) else {
                throw NetworkError(.invalid, "range \"\(text)\" is not FIRST-LAST: give two addresses")
            }
            guard start.family == end.family, start <= end else {
                throw NetworkError(
                    .invalid, "lease range start ip \(start) must be less than or equal to end ip \(end)")
            }
            return .init(start: start, end: end)
        }
        guard text.contains("/"), let block = CIDR(text) else {
            throw NetworkError(.invalid, "invalid CIDR address: \(text)")
        }
        return .init(start: block.defaultGateway, end: block.lastAddress)
    }

    /// Gives every subnet its gateway, and looks whether gateways and ranges lie in their subnets.
    func completeSubnets(_ network: inout NetworkDefinition) throws(NetworkError) {
        let needsGateways = !network.isInternal || network.dnsEnabled
        for index in network.subnets.indices {
            let subnet = network.subnets[index].subnet
            if network.subnets[index].gateway == nil, needsGateways {
                network.subnets[index].gateway = subnet.defaultGateway
            }
            if let problem = network.subnets[index].problem { throw NetworkError(.invalid, problem) }
        }
    }
}

extension NetworkDefinition.Subnet {
    /// What is wrong with gateway or range, in Podman's words.
    var problem: String? {
        if let gateway, !subnet.contains(gateway) { return "gateway \(gateway) not in subnet \(subnet)" }
        if let start = leaseRange?.start, !subnet.contains(start) {
            return "lease range start ip \(start) not in subnet \(subnet)"
        }
        if let end = leaseRange?.end, !subnet.contains(end) {
            return "lease range end ip \(end) not in subnet \(subnet)"
        }
        return nil
    }
}
