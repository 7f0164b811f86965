internal import LinuxSys
internal import Netlink
public import WirePrimitives

/// The host as its containers see it from networks where it is no gateway.
public enum HostAddress {
    /// The first address of the host's interfaces that others can reach, IPv4 before IPv6, as Podman chooses it; nil
    /// when it has none.
    ///
    /// - Throws: `NetworkError` when the kernel refuses.
    public static func first() throws(NetworkError) -> IPAddress? {
        do throws(NetlinkError) {
            let addresses = try Session(.route).addresses().map(\.address).filter { !$0.isLoopback && !$0.isLinkLocal }
            return addresses.first { $0.family == .ipv4 } ?? addresses.first
        } catch {
            throw NetworkError(error)
        }
    }
}
