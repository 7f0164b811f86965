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
            case .createBridge(let name, let address, let mtu):
                try context.host.perform(LinkRequest.createBridge(name, address: address, mtu: mtu))
            case .addAddress(let place, let name, let address):
                try addAddress(address, to: name, in: try context.session(place))
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

    private func addAddress(_ address: InterfaceAddress, to name: InterfaceName, in session: Session) throws {
        let link = try session.existingLink(name).index
        do throws(NetlinkError) {
            try session.perform(AddressRequest.add(address, to: link))
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
