internal import LinuxSys
internal import Netlink
internal import WirePrimitives

extension Step {
    /// Does it.
    ///
    /// - Throws: `NetworkError` with the kernel's refusal.
    public func apply(in context: NetworkContext) throws(NetworkError) {
        do {
            switch self {
            case .setUp(let place, let name):
                try context.session(place).perform(LinkRequest.setUp(name))
            case .setSysctls(let place, let sysctls):
                try context.sysctls(place).apply(sysctls)
            case .createBridge(let bridge): try createBridge(bridge, in: context)
            case .createUpper(let upper): try createUpper(upper, in: context)
            case .isolatePort(let name):
                try context.host.perform(LinkRequest.setIsolated(try context.host.existingLink(name).index, true))
            case .setVLAN(let name, let vlan):
                try Self.needing("bridge VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)") {
                    try context.host.perform(LinkRequest.setVLAN(try context.host.existingLink(name).index, vlan))
                }
            case .refuseRoute(let destination, let refusal, let metric):
                try context.session(.container).perform(RouteRequest.refuse(destination, refusal, metric: metric))
            case .addAddress(let place, let name, let address):
                try addAddress(address, to: name, in: try context.session(place), nodad: place == .host)
            case .createPair(let pair):
                try createPair(pair, in: context)
            case .setHairpin(let name):
                try context.host.perform(LinkRequest.setHairpin(try context.host.existingLink(name).index, true))
            case .addRoute(let name, let destination, let gateway, let metric):
                let session = try context.session(.container)
                let link = try session.existingLink(name).index
                do throws(NetlinkError) {
                    try session.perform(
                        RouteRequest.add(destination: destination, gateway: gateway, link: link, metric: metric))
                } catch {
                    guard error.errno == .fileExists else { throw error }
                }
            }
        } catch {
            throw NetworkError(command, any: error)
        }
    }

    private func addAddress(
        _ address: InterfaceAddress, to name: InterfaceName, in session: Session, nodad: Bool
    ) throws {
        let link = try session.existingLink(name).index
        do throws(NetlinkError) {
            try session.perform(AddressRequest.add(address, to: link, nodad: nodad))
        } catch {
            if error.errno == .fileExists { return }
            if error.errno == .permissionDenied, address.address.family == .ipv6 {
                throw NetworkError(
                    .refused, "add address \(address) to \(name): is IPv6 switched off in the kernel? \(error)",
                    errno: error.errno)
            }
            throw NetworkError(error, on: "to \(name)")
        }
    }

    /// Says which part the kernel has not, where it refuses because it has it not.
    private static func needing(_ part: String, _ body: () throws -> Void) throws {
        do { try body() } catch let error as NetlinkError where error.errno == .notSupported {
            throw NetworkError(
                .refused, "\(error.operation): this host's kernel has no \(part): load its module, or do without",
                errno: error.errno)
        }
    }

    private func createBridge(_ bridge: Bridge, in context: NetworkContext) throws {
        var domain: Int32?
        if let vrf = bridge.vrf {
            guard let link = try context.host.link(vrf) else {
                throw NetworkError(
                    .notFound,
                    "get vrf to set up bridge interface: no link \(vrf) on this host: make it with \"ip link add \(vrf) "
                        + "type vrf table N\", for which the kernel needs its module vrf")
            }
            guard link.kind == "vrf" else {
                throw NetworkError(
                    .conflict, "vrf \(vrf) already exists but is a \(link.kind ?? "physical") interface")
            }
            domain = link.index
        }
        try Self.needing("bridge, or no VLAN filtering in it") {
            try context.host.perform(
                LinkRequest.createBridge(
                    bridge.name, address: bridge.address, mtu: bridge.mtu, filtersVLANs: bridge.filtersVLANs))
        }
        if let domain {
            let index = try context.host.existingLink(bridge.name).index
            try context.host.perform(LinkRequest.setMaster(index, domain))
        }
    }

    private func createUpper(_ upper: Upper, in context: NetworkContext) throws {
        guard let container = context.container else {
            throw NetworkError("enter the container's network", .noSuchFileOrDirectory)
        }
        let parent = try context.host.existingLink(upper.parent)
        try Self.needing(upper.kind.kind) {
            try context.host.perform(
                LinkRequest.createUpper(
                    upper.name, upper.kind, parent: parent.index, namespace: container.descriptor,
                    address: upper.address, mtu: upper.mtu))
        }
    }

    private func createPair(_ pair: Pair, in context: NetworkContext) throws {
        guard let container = context.container else {
            throw NetworkError("enter the container's network", .noSuchFileOrDirectory)
        }
        let bridge = try context.host.existingLink(pair.bridge)
        guard bridge.kind == "bridge" else { throw Step.Pair.wrongBridge(pair.bridge, bridge.kind) }
        var request = LinkRequest.Pair(
            name: pair.name, peerName: pair.peerName, peerNamespace: container.descriptor)
        request.address = pair.address
        request.master = bridge.index
        request.mtu = pair.mtu
        request.peerAddress = pair.peerAddress
        do throws(NetlinkError) {
            try context.host.perform(LinkRequest.createPair(request))
        } catch {
            guard error.errno == .fileExists, try context.host.link(pair.name) == nil else { throw error }
            throw NetworkError(
                .conflict,
                "create veth pair: interface \(pair.peerName) already exists on container namespace: "
                    + "\(error.errno) (os error \(error.errno.rawValue))", errno: error.errno)
        }
    }
}

extension Step.Pair {
    static func wrongBridge(_ bridge: InterfaceName, _ kind: String?) -> NetworkError {
        NetworkError(
            .conflict,
            "bridge interface \(bridge) already exists but is a \(kind ?? "physical") interface: rename it, or create "
                + "the network with another bridge name")
    }
}

extension Session {
    /// The link of this name.
    ///
    /// - Throws: ENODEV when there is none.
    func existingLink(_ name: InterfaceName) throws(NetlinkError) -> Link {
        guard let link = try link(name) else { throw NetlinkError("get link \(name)", .noSuchDevice) }
        return link
    }
}
