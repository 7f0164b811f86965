internal import Netlink
internal import WirePrimitives

/// What the options of every driver say about routes.
struct RoutingOptions: Hashable {
    /// Of the default routes.
    var metric: UInt32
    var noDefaultRoute: Bool

    init(_ reader: OptionReader) throws(NetworkError) {
        metric = try reader.number("metric") ?? 100
        noDefaultRoute = try reader.boolean("no_default_route") ?? false
    }
}

/// The routes that a container gets on a network, whatever the driver.
enum ContainerRoutes {
    /// The steps: a default route a family unless the network is internal, then the network's own routes.
    static func steps(
        _ request: AttachmentRequest, _ addresses: [InterfaceAddress], _ options: RoutingOptions
    ) -> [Step] {
        let network = request.network
        var steps: [Step] = []
        if !network.isInternal, !options.noDefaultRoute {
            for family in AddressFamily.allCases {
                let gateway = network.subnets.first { subnet in
                    subnet.subnet.family == family && subnet.gateway != nil
                        && addresses.contains { $0.network == subnet.subnet }
                }?.gateway
                guard let gateway else { continue }
                let metric = request.defaultRouteMetric ?? options.metric
                steps.append(.addRoute(request.interfaceName, to: nil, via: gateway, metric: metric))
            }
        }
        // Without an address, as long as a server on the wire is yet to give one, there are no neighbours.
        let now = network.leasesAddresses ? network.routes.filter { $0.gateway == nil } : network.routes
        return steps + now.compactMap { step($0, request.interfaceName) }
    }

    /// The network's own routes over neighbours.
    static func overNeighbours(_ network: NetworkDefinition, _ name: InterfaceName) -> [Step] {
        network.routes.filter { $0.gateway != nil }.compactMap { step($0, name) }
    }

    private static func step(_ route: NetworkDefinition.StaticRoute, _ name: InterfaceName) -> Step? {
        switch route.kind {
        case .unicast:
            route.gateway.map { .addRoute(name, to: route.destination, via: $0, metric: route.metric) }
        case .blackhole: .refuseRoute(route.destination, .blackhole, metric: route.metric)
        case .unreachable: .refuseRoute(route.destination, .unreachable, metric: route.metric)
        case .prohibit: .refuseRoute(route.destination, .prohibit, metric: route.metric)
        }
    }
}
