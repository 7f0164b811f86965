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
