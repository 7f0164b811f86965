internal import ContainerNetwork
internal import LinuxSys
public import WirePrimitives

/// An address, or a block of them, that is somebody's.
public struct LeaseRecord: Sendable, Hashable {
    /// Who has it.
    public enum Holder: Sendable, Hashable {
        /// A container, by id and name.
        case container(id: String, name: String)
        /// The host itself: the network's gateway.
        case gateway
        /// Nobody may: a person reserved it.
        case reservation
    }

    /// The network.
    public var network: String
    /// The address, or the block.
    public var prefix: CIDR
    /// Who has it.
    public var holder: Holder
    /// Since when, in nanoseconds since 1970; nil for gateways.
    public var since: Int64?
    /// Whether it is in use now, and not only kept for somebody.
    public var isActive: Bool
}

extension Engine {
    /// Who holds which address.
    ///
    /// - Parameter network: the network's name or id; nil for all.
    /// - Returns: in the order of networks, then of addresses.
    /// - Throws: `NetworkError` when there is no such network.
    public func leases(network: String?) throws -> [LeaseRecord] {
        let definitions = try network.map { [try networkFiles.find($0)] } ?? networkFiles.load().networks
        let names = Dictionary(
            try store.database.query("SELECT id, name FROM containers").map { ($0.text(0), $0.text(1)) }
        ) { first, _ in first }
        func container(_ id: String) -> LeaseRecord.Holder { .container(id: id, name: names[id] ?? "") }
        return try definitions.flatMap { definition in
            let name = definition.name
            var records = definition.gateways.map {
                LeaseRecord(network: name, prefix: CIDR(host: $0), holder: .gateway, since: nil, isActive: true)
            }
            for row in try store.database.query(
                "SELECT address, container, since FROM run.leases WHERE network = ?1", [.text(name)])
            {
                guard let address = IPAddress(row.text(0)) else { continue }
                // As `ps` sees it: a process that was killed with its monitor has no address any more.
                let isActive = try store.container(id: row.text(1)).map { refreshed($0).run != nil } ?? false
                records.append(
                    LeaseRecord(
                        network: name, prefix: CIDR(host: address), holder: container(row.text(1)),
                        since: row.integer(2), isActive: isActive))
            }
            for reservation in try store.reservations(name)
            where !records.contains(where: { $0.prefix == reservation.prefix }) {
                records.append(
                    LeaseRecord(
                        network: name, prefix: reservation.prefix,
                        holder: reservation.container.map(container) ?? .reservation, since: reservation.since,
                        isActive: false))
            }
            return records.sorted { $0.prefix < $1.prefix }
        }
    }

    /// Keeps an address or a block of a network from being given to containers.
    ///
    /// - Throws: `NetworkError` or `EngineError` when it is not of the network, or somebody has one of its addresses.
    public func reserve(network: String, prefix text: String) throws {
        let (definition, prefix) = try block(network, text)
        try store.database.transaction {
            for lease in try leases(network: definition.name) where lease.prefix.overlaps(prefix) {
                switch lease.holder {
                case .container(_, let name):
                    throw EngineError(
                        "\(lease.prefix.network) on network \(definition.name) is container \(name)'s: disconnect it first"
                    )
                case .gateway where prefix != lease.prefix: continue  // nobody gets that anyway
                case .gateway:
                    throw EngineError("\(lease.prefix.network) is the gateway of network \(definition.name)")
                case .reservation:
                    throw EngineError("\(lease.prefix) on network \(definition.name) is reserved already")
                }
            }
            try store.database.query(
                "INSERT INTO reserved_addresses VALUES (?1, ?2, NULL, ?3)",
                [.text(definition.name), .text("\(prefix)"), .integer(Clock.now)])
        }
    }

    /// Gives a reserved address or block back.
    ///
    /// - Throws: `EngineError` when just that is not reserved.
    public func release(network: String, prefix text: String) throws {
        let (definition, prefix) = try block(network, text)
        let removed = try store.database.query(
            "DELETE FROM reserved_addresses WHERE network = ?1 AND prefix = ?2 AND container IS NULL RETURNING prefix",
            [.text(definition.name), .text("\(prefix)")])
        if removed.isEmpty {
            throw EngineError(
                "\(text) is not reserved on network \(definition.name): network ipam ls \(definition.name) shows what is"
            )
        }
    }

    private func block(_ network: String, _ text: String) throws -> (NetworkDefinition, CIDR) {
        let definition = try networkFiles.find(network)
        guard let prefix = IPAddress(text).map(CIDR.init(host:)) ?? CIDR(text) else {
            throw EngineError("\"\(text)\" is neither an address nor a block such as 10.89.0.128/28")
        }
        guard
            definition.subnets.contains(where: {
                $0.subnet.contains(prefix.network) && $0.subnet.contains(prefix.lastAddress)
            })
        else {
            throw EngineError("\(text) is not in a subnet of network \(definition.name)")
        }
        return (definition, prefix)
    }
}
