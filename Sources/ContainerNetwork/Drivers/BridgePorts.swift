internal import LinuxSys
internal import Netlink
public import WirePrimitives

/// What hangs on a bridge, as the kernel sees it.
public enum BridgePorts {
    /// The names of a bridge's ports, sorted; none when there is no such bridge.
    ///
    /// Equivalent to: `ip link show master BRIDGE`.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func names(of bridge: InterfaceName) throws(NetworkError) -> [InterfaceName] {
        do throws(NetlinkError) {
            let session = try Session(.route)
            guard let link = try session.link(bridge) else { return [] }
            return try session.links(master: link.index).compactMap { InterfaceName($0.name) }.sorted()
        } catch {
            throw NetworkError(error)
        }
    }

    /// A bridge's addresses but for link-local ones, which mean nothing without the link.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    static func addresses(of bridge: InterfaceName) throws(NetworkError) -> [IPAddress] {
        do throws(NetlinkError) {
            let session = try Session(.route)
            guard let link = try session.link(bridge) else { return [] }
            return try session.addresses(of: link.index).map(\.address).filter { !$0.isLinkLocal }
        } catch {
            throw NetworkError(error)
        }
    }

    /// The gateway addresses that a network's bridge should have and has not; none when there is no bridge.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func missingGateways(of network: NetworkDefinition) throws(NetworkError) -> [InterfaceAddress] {
        guard network.isManagedBridge, let name = network.networkInterface.flatMap({ InterfaceName($0) }) else {
            return []
        }
        do throws(NetlinkError) {
            let session = try Session(.route)
            guard let link = try session.link(name) else { return [] }
            let there = Set(try session.addresses(of: link.index))
            return network.subnets.compactMap { subnet in
                subnet.gateway.flatMap { InterfaceAddress($0, in: subnet.subnet) }
            }.filter { !there.contains($0) }
        } catch {
            throw NetworkError(error)
        }
    }

    /// Gives a network's bridge the gateway addresses that it has not.
    ///
    /// Equivalent to: `ip address add GATEWAY/PREFIX dev BRIDGE`.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func restoreGateways(of network: NetworkDefinition) throws(NetworkError) {
        let missing = try missingGateways(of: network)
        guard !missing.isEmpty, let name = network.networkInterface.flatMap({ InterfaceName($0) }) else { return }
        do throws(NetlinkError) {
            let session = try Session(.route)
            guard let link = try session.link(name) else { return }
            for address in missing { try session.perform(AddressRequest.add(address, to: link.index, nodad: true)) }
        } catch {
            throw NetworkError(error)
        }
    }

    /// Deletes a port; one that is gone is success.
    ///
    /// Equivalent to: `ip link delete NAME`.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func delete(_ name: InterfaceName) throws(NetworkError) {
        do throws(NetlinkError) {
            let session = try Session(.route)
            guard let link = try session.link(name) else { return }
            try session.perform(LinkRequest.delete(index: link.index))
        } catch {
            throw NetworkError(error)
        }
    }
}

extension NetworkDefinition {
    /// Whether its bridge is made and removed here, and has rules.
    public var isManagedBridge: Bool { driver == "bridge" && options["mode"] != "unmanaged" }

    /// Whether names of its containers are resolved. On a macvlan nobody could: the host is not reached from there,
    /// whatever the file says (Podman 4 writes true).
    public var resolvesNames: Bool { dnsEnabled && driver == "bridge" }

    /// The host's addresses on the network, where its names are answered: the gateways, or what somebody else's bridge
    /// has.
    ///
    /// - Throws: `NetworkError`, in netavark's words, when such a bridge has none.
    public func resolverAddresses() throws(NetworkError) -> [IPAddress] {
        guard resolvesNames else { return [] }
        guard !isManagedBridge else { return subnets.compactMap(\.gateway) }
        guard let bridge = networkInterface.flatMap({ InterfaceName($0) }) else { return [] }
        let addresses = try BridgePorts.addresses(of: bridge)
        guard addresses.isEmpty else { return addresses.sorted() }
        throw NetworkError(
            .conflict,
            "bridge '\(bridge)' in unmanaged mode has no usable IP addresses. The server of names requires at least one "
                + "address (should not be an IPv6 link-local address) to bind to. Please add an IP address or disable "
                + "DNS for this network (--disable-dns).")
    }
}
