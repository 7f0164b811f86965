internal import LinuxSys
internal import Netlink

/// Flows that the kernel's connection tracking remembers (conntrack(8)).
public enum PublishedFlows {
    /// Forgets the flows of UDP to published ports: the kernel would go on sending them to where a port led before.
    ///
    /// Equivalent to: `conntrack -D -p udp --orig-port-dst PORT`. Nothing is asked of the kernel when no UDP port is
    /// among the mappings.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func forget(_ mappings: [PortMapping]) throws(NetworkError) {
        let ranges = mappings.filter { $0.protocol == .udp }.compactMap(\.hostPorts)
        guard !ranges.isEmpty else { return }
        do throws(NetlinkError) { _ = try Session(.netfilter).forgetUDPFlows(to: ranges) } catch {
            throw NetworkError(error)
        }
    }
}
