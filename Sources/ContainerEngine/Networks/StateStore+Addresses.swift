internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension StateStore {
    /// Chooses a container's addresses on a network and leases them. The caller is in a transaction.
    ///
    /// - Throws: `NetworkError` in Podman's words when an address is taken or none is left.
    func lease(_ definition: NetworkDefinition, _ spec: ContainerSpec) throws -> [IPAddress] {
        let requested = spec.options(of: definition.name).addresses
        let previous = try lastAddresses(definition.name)
        let addresses = try namingHolders(definition) {
            try askingHolders(definition, besides: spec.id) { reserved, holder in
                try definition.assignAddresses(
                    requested: requested, previous: { previous[$0] }, reserved: reserved, holder: holder)
            }
        }
        for address in addresses {
            let subnet = definition.subnet(containing: address).map { "\($0.subnet)" } ?? ""
            try database.query(
                "INSERT INTO run.leases VALUES (?1, ?2, ?3, ?4, ?5)",
                [.text(definition.name), .text("\(address)"), .text(subnet), .text(spec.id), .integer(Clock.now)])
            // One that was asked for by number changes nothing about whose turn is next, as in Podman.
            guard !requested.contains(address) else { continue }
            try database.query(
                "INSERT INTO run.last_addresses VALUES (?1, ?2, ?3) ON CONFLICT (network, subnet) DO UPDATE SET address = ?3",
                [.text(definition.name), .text(subnet), .text("\(address)")])
        }
        return addresses
    }

    /// The address that was given last in each subnet of a network.
    private func lastAddresses(_ network: String) throws -> [CIDR: IPAddress] {
        var addresses: [CIDR: IPAddress] = [:]
        for row in try database.query(
            "SELECT subnet, address FROM run.last_addresses WHERE network = ?1", [.text(network)])
        {
            guard let subnet = CIDR(row.text(0)) else { continue }
            addresses[subnet] = IPAddress(row.text(1))
        }
        return addresses
    }

    /// Gives `body` what it may ask about a network's addresses: the blocks that a person reserved, and which other
    /// container has an address or keeps it while it is stopped.
    private func askingHolders<Result>(
        _ definition: NetworkDefinition, besides container: String,
        _ body: (_ reserved: [CIDR], _ holder: (IPAddress) -> String?) throws -> Result
    ) throws -> Result {
        let others = try reservations(definition.name).filter { $0.container != container }
        var failure: (any Error)?
        let result = try body(others.filter { $0.container == nil }.map(\.prefix)) { address in
            if let kept = others.first(where: { $0.container != nil && $0.prefix.contains(address) }) {
                return kept.container
            }
            do {
                return try database.query(
                    "SELECT container FROM run.leases WHERE network = ?1 AND address = ?2 AND container <> ?3",
                    [.text(definition.name), .text("\(address)"), .text(container)]
                ).first?.text(0)
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return result
    }

    /// How many holders of addresses an error names.
    private static let mostNamed = 10

    /// Says in the error of a full subnet who has its addresses.
    private func namingHolders<Result>(_ network: NetworkDefinition, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch var error as NetworkError where error.kind == .exhausted {
            let names =
                try database.query(
                    """
                    SELECT c.name, min(h.since) FROM (
                        SELECT container, since FROM run.leases WHERE network = ?1
                        UNION ALL SELECT container, since FROM reserved_addresses WHERE network = ?1
                    ) h JOIN containers c ON c.id = h.container GROUP BY c.name ORDER BY 2
                    """, [.text(network.name)]
                ).map { $0.text(0) }
                + reservations(network.name).filter { $0.container == nil }.map { "a reservation of \($0.prefix)" }
            let named = names.prefix(Self.mostNamed).joined(separator: ", ")
            let others =
                names.count > Self.mostNamed
                ? " and \(names.count - Self.mostNamed) more; see network ipam ls \(network.name)" : ""
            if !names.isEmpty { error.message += " (they are held by \(named)\(others))" }
            throw error
        }
    }

    // MARK: Networks of a container

    /// Writes down which networks a container is on, and reserves the addresses that it asks for by number: nobody
    /// else gets those while it is stopped. The caller is in a transaction.
    func recordNetworks(_ spec: ContainerSpec, _ definitions: [NetworkDefinition]) throws {
        for table in ["container_networks", "reserved_addresses"] {
            try database.query("DELETE FROM main.\(table) WHERE container = ?1", [.text(spec.id)])
        }
        for definition in definitions {
            try database.query(
                "INSERT INTO container_networks VALUES (?1, ?2)", [.text(spec.id), .text(definition.name)])
            let requested = spec.options(of: definition.name).addresses
            guard !requested.isEmpty else { continue }
            try askingHolders(definition, besides: spec.id) { reserved, holder in
                try definition.checkAddresses(requested, reserved: reserved, holder: holder)
            }
            for address in requested {
                try database.query(
                    "INSERT INTO reserved_addresses VALUES (?1, ?2, ?3, ?4)",
                    [
                        .text(definition.name), .text("\(CIDR(host: address))"), .text(spec.id), .integer(Clock.now),
                    ])
            }
        }
    }

    /// Containers that are on a network, running or not, oldest first.
    func containers(onNetwork name: String) throws -> [ContainerRecord] {
        try containers(where: "c.id IN (SELECT container FROM container_networks WHERE network = ?1)", [.text(name)])
    }

    // MARK: Reservations

    /// Addresses that are not given out: a person's wish, or a container's own that may be stopped.
    struct Reservation {
        var prefix: CIDR
        var container: String?
        var since: Int64
    }

    /// What is reserved on a network.
    func reservations(_ network: String) throws -> [Reservation] {
        try database.query(
            "SELECT prefix, container, since FROM reserved_addresses WHERE network = ?1 ORDER BY since",
            [.text(network)]
        ).compactMap { row in
            CIDR(row.text(0)).map {
                Reservation(prefix: $0, container: row.optionalText(1), since: row.integer(2))
            }
        }
    }

    // MARK: Ports

    func insertPorts(_ ports: [PortMapping], of container: String) throws {
        for (position, mapping) in ports.enumerated() {
            try database.query(
                "INSERT INTO run.ports VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                [
                    .text(container), .integer(Int64(position)), .text(mapping.protocol.rawValue),
                    .text(mapping.hostIP?.description ?? ""), .integer(Int64(mapping.hostPort)),
                    .integer(Int64(mapping.range)), .integer(Int64(mapping.containerPort)),
                ])
        }
    }

    /// The published ports of one container, or of all, by container.
    func ports(of container: String? = nil) throws -> [String: [PortMapping]] {
        var ports: [String: [PortMapping]] = [:]
        for row in try database.query(
            """
            SELECT container, protocol, host_ip, host_port, count, container_port FROM run.ports
            WHERE ?1 IS NULL OR container = ?1 ORDER BY container, position
            """, [.optional(container)])
        {
            ports[row.text(0), default: []].append(
                PortMapping(
                    hostIP: IPAddress(row.text(2)), hostPort: UInt16(truncatingIfNeeded: row.integer(3)),
                    containerPort: UInt16(truncatingIfNeeded: row.integer(5)),
                    range: UInt16(truncatingIfNeeded: row.integer(4)),
                    protocol: PortProtocol(rawValue: row.text(1)) ?? .tcp))
        }
        return ports
    }
}
