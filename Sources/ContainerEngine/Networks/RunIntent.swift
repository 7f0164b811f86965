internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

/// What a run was decided to be, once it is written down.
struct RunIntent: Sendable {
    /// The network namespace's path; nil for the host's, or for one that the runtime makes.
    var namespace: String?
    /// Whether the namespace is this run's own, to be made.
    var makesNamespace: Bool
    var networks: [NetworkIntent]
}

/// What one network needs before a container can be joined to it: everything that is decided and written down.
struct NetworkIntent: Sendable {
    var definition: NetworkDefinition
    var addresses: [IPAddress]
    /// Of the default route over this network; the network's own if nil.
    var metric: UInt32?
}

extension Engine {
    var networkFiles: NetworkFiles {
        get throws {
            NetworkFiles(
                directory: try networkDirectory(), defaultNetwork: try configuration().defaultNetwork)
        }
    }

    /// Chooses addresses and writes down everything that a run will make outside, in one transaction.
    func recordRun(_ spec: ContainerSpec) throws -> RunIntent {
        let shared = try sharedNamespace(spec.network)
        let definitions = try spec.network.networks.map { try networkFiles.find($0) }
        let own = spec.network.isBridge ? "\(NetworkNamespace.directory)/netns-\(Self.uuid())" : nil
        let networks = try store.database.transaction {
            try store.database.query(
                "INSERT INTO run.runs (container, state, owner, netns) VALUES (?1, 'starting', ?2, ?3)",
                [.text(spec.id), .text(store.owner), .optional(own)])
            try store.insertPorts(spec.ports, of: spec.id)
            return try intend(definitions, spec)
        }
        return RunIntent(namespace: own ?? shared, makesNamespace: own != nil, networks: networks)
    }

    /// Leases addresses on networks. The caller is in a transaction.
    func intend(_ definitions: [NetworkDefinition], _ spec: ContainerSpec) throws -> [NetworkIntent] {
        let order = spec.routeOrder(spec.network.networks)
        return try definitions.map { definition in
            NetworkIntent(
                definition: definition, addresses: try store.lease(definition, spec),
                metric: Self.metric(definition, among: order))
        }
    }

    /// The metric of the default route over a network, for a container on networks in this order: one network keeps
    /// its own metric; of several, the first has the lowest.
    static func metric(_ definition: NetworkDefinition, among order: [String]) -> UInt32? {
        let rank = order.firstIndex(of: definition.name).map { UInt32($0) } ?? 0
        return rank == 0 || definition.options["metric"] != nil ? nil : defaultMetric + rank
    }

    /// The metric of netavark's default routes.
    private static let defaultMetric: UInt32 = 100

    /// The namespace of another container, or at a path, that the network mode names.
    private func sharedNamespace(_ mode: NetworkMode) throws -> String? {
        switch mode {
        case .host, .bridge, .none: return nil
        case .namespace(let path): return path
        case .container(let id):
            guard let other = try store.container(id: id), other.isRunning, let process = other.run?.initProcess else {
                throw EngineError(
                    "container \(id.prefix(12)), whose network this container shares, has ended again: see its logs"
                )
            }
            return "/proc/\(process.pid)/ns/net"
        }
    }

    private static func uuid() -> String {
        let digits = RandomBytes.hexadecimal(16)
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }
}
