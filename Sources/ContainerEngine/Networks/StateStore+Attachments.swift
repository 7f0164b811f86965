internal import ContainerNetwork
internal import FoundationEssentials
internal import LinuxSys
internal import WirePrimitives

extension StateStore {
    /// Writes down where a container is being joined, or is joined, to a network.
    ///
    /// What every command needs of every attachment (addresses, names) has columns of its own, so that the cost of a
    /// command hardly grows with the number of containers.
    func recordAttachment(
        _ record: AttachmentRecord, state: String, macAddress: String?, names: [String], servers: [String]
    ) throws {
        try database.query(
            """
            INSERT INTO run.attachments (container, network, state, record, mac, addresses, names, servers)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (container, network) DO UPDATE SET state = ?3, record = ?4, mac = ?5, addresses = ?6
            """,
            [
                .text(record.containerID), .text(record.networkName), .text(state),
                .blob(Array(try JSONEncoder.forState.encode(record))), .optional(macAddress),
                .text(record.addresses.map { "\($0.address)" }.joined(separator: ",")),
                .text(names.joined(separator: ",")), .text(servers.joined(separator: ",")),
            ])
    }

    /// Gives a container's place on a network other names.
    func renameAttachment(_ container: String, _ network: String, names: [String]) throws {
        try database.query(
            "UPDATE run.attachments SET names = ?3 WHERE container = ?1 AND network = ?2 AND names <> ?3",
            [.text(container), .text(network), .text(names.joined(separator: ","))])
    }

    /// How many containers are attached to a network and ready.
    func presentCount(network: String) throws -> Int {
        try database.query(
            "SELECT count(*) FROM run.attachments WHERE network = ?1 AND state = 'present'", [.text(network)]
        ).first.map { Int($0.integer(0)) } ?? 0
    }

    /// What is attached, the first attached first.
    func attachments(state: String? = nil, of container: String? = nil) throws -> [AttachmentRecord] {
        try database.query(
            """
            SELECT record FROM run.attachments WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR container = ?2)
            ORDER BY sequence
            """, [.optional(state), .optional(container)]
        ).map { try JSONDecoder().decode(AttachmentRecord.self, from: Data($0.bytes(0))) }
    }

    /// A container's place on a network, as it was made.
    struct PresentAttachment {
        var record: AttachmentRecord
        /// Of the container's end.
        var macAddress: MACAddress?
    }

    /// What is attached and ready, of one network or one container, the first attached first.
    func presentAttachments(network: String? = nil, container: String? = nil) throws -> [PresentAttachment] {
        try database.query(
            """
            SELECT record, mac FROM run.attachments
            WHERE state = 'present' AND (?1 IS NULL OR network = ?1) AND (?2 IS NULL OR container = ?2)
            ORDER BY sequence
            """, [.optional(network), .optional(container)]
        ).map { row in
            PresentAttachment(
                record: try JSONDecoder().decode(AttachmentRecord.self, from: Data(row.bytes(0))),
                macAddress: row.optionalText(1).flatMap { MACAddress($0) })
        }
    }

    /// Forgets that a container was on a network, once it is off, and gives its addresses there back.
    func forgetAttachment(_ container: String, _ network: String) throws {
        try database.transaction {
            for table in ["attachments", "leases"] {
                try database.query(
                    "DELETE FROM run.\(table) WHERE container = ?1 AND network = ?2",
                    [.text(container), .text(network)])
            }
            try forgetUnusedDefinitions()
        }
    }

    // MARK: Definitions in use

    /// Keeps a network's definition while containers are on it: what was made by it is undone by it, whatever happens
    /// to its file.
    func recordDefinition(_ definition: NetworkDefinition) throws {
        try database.query(
            """
            INSERT INTO run.attached_networks VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET definition = ?2 WHERE definition <> ?2
            """, [.text(definition.name), .text(definition.json)])
    }

    /// The definition by which containers are on a network now.
    func attachedDefinition(_ name: String) throws -> NetworkDefinition? {
        try database.query("SELECT definition FROM run.attached_networks WHERE name = ?1", [.text(name)]).first.map {
            try JSONDecoder().decode(NetworkDefinition.self, from: Data($0.text(0).utf8))
        }
    }

    /// Forgets the definitions of networks that no container is on any more, and what held for all containers when there
    /// is none.
    func forgetUnusedDefinitions() throws {
        try database.query(
            "DELETE FROM run.attached_networks WHERE name NOT IN (SELECT network FROM run.attachments)")
        // A run that has begun may have chosen already.
        try database.query("DELETE FROM run.settings WHERE NOT EXISTS (SELECT 1 FROM run.runs)")
    }

    private func attachedDefinitions() throws -> [String: NetworkDefinition] {
        var definitions: [String: NetworkDefinition] = [:]
        for row in try database.query(
            "SELECT name, definition FROM run.attached_networks WHERE name IN (SELECT network FROM run.attachments)")
        {
            definitions[row.text(0)] = try JSONDecoder().decode(NetworkDefinition.self, from: Data(row.text(1).utf8))
        }
        return definitions
    }

    // MARK: The name server's port

    /// The port at which the name server listens, and to which the firewall leads.
    func namesPort() throws -> UInt16 {
        let row = try database.query("SELECT value FROM run.settings WHERE name = 'names port'").first
        return row.map { UInt16(truncatingIfNeeded: $0.integer(0)) } ?? 53
    }

    /// Takes over a port from the configuration. As long as a container is attached, the one before stays: the server
    /// listens there, and containers' rules lead there.
    func chooseNamesPort(_ port: UInt16) throws {
        guard try namesPort() != port else { return }
        try database.query(
            """
            INSERT INTO run.settings SELECT 'names port', ?1 WHERE NOT EXISTS (SELECT 1 FROM run.attachments)
            ON CONFLICT (name) DO UPDATE SET value = ?1
            """, [.integer(Int64(port))])
    }

    // MARK: Projections

    /// Every container that is attached, the first attached first, as the firewall needs them.
    func attachedContainers() throws -> [AttachedContainer] {
        let definitions = try attachedDefinitions()
        let ports = try ports()
        return try present().compactMap { row in
            definitions[row.network].map {
                AttachedContainer(
                    containerID: row.container, network: $0, addresses: row.addresses, ports: ports[row.container])
            }
        }
    }

    /// Every network that answers names, with its containers.
    func networkNames() throws -> [NetworkNames] {
        var networks: [NetworkNames] = []
        let definitions = try attachedDefinitions()
        for row in try present() {
            guard let definition = definitions[row.network], definition.resolvesNames else { continue }
            let index =
                networks.firstIndex { $0.network == row.network }
                ?? {
                    // Without an address a network is passed over; whoever attaches to it is told.
                    networks.append(NetworkNames(definition, at: (try? definition.resolverAddresses()) ?? []))
                    return networks.count - 1
                }()
            networks[index].containers.append(
                .init(id: row.container, addresses: row.addresses, names: row.names, servers: row.servers))
        }
        return networks
    }

    private struct Present {
        var container: String
        var network: String
        var addresses: [IPAddress]
        var names: [String]
        var servers: [IPAddress]
    }

    private func present() throws -> [Present] {
        func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
        return try database.query(
            """
            SELECT container, network, addresses, names, servers FROM run.attachments WHERE state = 'present'
            ORDER BY sequence
            """
        ).map { row in
            Present(
                container: row.text(0), network: row.text(1),
                addresses: list(row.text(2)).compactMap { IPAddress($0) }, names: list(row.text(3)),
                servers: list(row.text(4)).compactMap { IPAddress($0) })
        }
    }
}
