internal import Netlink
internal import WirePrimitives

extension NetworkSurroundings {
    /// Looks at the host as it is now.
    ///
    /// - Parameter networks: the networks that are defined.
    /// - Returns: those, and what the host has.
    /// - Throws: `NetworkError` when the host cannot be looked at.
    public static func read(_ networks: [NetworkDefinition]) throws(NetworkError) -> NetworkSurroundings {
        let host = try NetworkContext.hostOnly().host
        do throws(NetlinkError) {
            var used: [CIDR] = []
            for family in AddressFamily.allCases {
                used += try host.routes(family).compactMap(\.destination)
            }
            let links = try host.links()
            for link in links { used += try host.addresses(of: link.index).map(\.network) }
            return NetworkSurroundings(
                networks: networks, interfaces: Set(links.map(\.name)), hostNetworks: used)
        } catch {
            throw NetworkError(error)
        }
    }
}
