internal import LinuxSys
internal import Netlink
internal import WirePrimitives

extension Step {
    /// Takes it back. Doing so twice, or when nothing was made, or when the container's namespace is gone, is success.
    ///
    /// What belongs to a link (its addresses, routes and settings) ends with the link and needs no step of its own;
    /// settings of the whole host stay, as netavark leaves them, because others may rely on them by now.
    ///
    /// - Throws: `NetworkError` with the kernel's refusal.
    public func undo(in context: NetworkContext) throws(NetworkError) {
        do throws(NetlinkError) {
            switch self {
            case .createPair(let pair): try context.host.deletePair(pair.name, address: pair.address)
            case .createBridge(let bridge): _ = try context.host.deleteBridgeWithoutPorts(bridge.name)
            case .createUpper(let upper): try context.container?.session.deleteUpper(upper.name, upper.kind.kind)
            case .refuseRoute(let destination, let refusal, _):
                try context.container?.session.unrefuse(destination, refusal)
            case .setUp, .setSysctls, .addAddress, .setHairpin, .isolatePort, .setVLAN, .addRoute: break
            }
        } catch {
            throw NetworkError(error)
        }
    }
}

extension Session {
    /// Deletes the pair whose end here has this name and MAC; the other end goes with it.
    ///
    /// The MAC is looked at because a pair may have died with its namespace, and its name be another container's by
    /// now.
    func deletePair(_ name: InterfaceName, address: MACAddress) throws(NetlinkError) {
        guard let link = try link(name), link.address == address, link.kind == "veth" else { return }
        try deleteLink(link.index)
    }

    /// Deletes a bridge that has no port left.
    ///
    /// - Returns: whether there is no such bridge any more.
    func deleteBridgeWithoutPorts(_ name: InterfaceName) throws(NetlinkError) -> Bool {
        guard let bridge = try link(name), bridge.kind == "bridge" else { return true }
        guard try links(master: bridge.index).isEmpty else { return false }
        try deleteLink(bridge.index)
        return true
    }

    /// Deletes a link that is on top of another, if it is there.
    func deleteUpper(_ name: InterfaceName, _ kind: String) throws(NetlinkError) {
        guard let link = try link(name), link.kind == kind else { return }
        try deleteLink(link.index)
    }

    /// Deletes a route that leads nowhere, if it is there.
    func unrefuse(_ destination: CIDR, _ refusal: RouteRequest.Refusal) throws(NetlinkError) {
        do throws(NetlinkError) { try perform(RouteRequest.unrefuse(destination, refusal)) } catch {
            guard error.errno == .noSuchProcess else { throw error }
        }
    }

    private func deleteLink(_ index: Int32) throws(NetlinkError) {
        do throws(NetlinkError) {
            try perform(LinkRequest.delete(index: index))
        } catch {
            guard [.noSuchDevice, .noSuchProcess, .noSuchFileOrDirectory].contains(error.errno) else { throw error }
        }
    }
}
