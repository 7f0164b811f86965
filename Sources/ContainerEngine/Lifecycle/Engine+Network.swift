internal import ContainerNetwork
internal import FoundationEssentials
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
    var interfaceName: InterfaceName
    var addresses: [IPAddress]
}

extension Engine {
    var networkFiles: NetworkFiles { NetworkFiles(directory: paths.networks) }

    /// What `--network` means.
    ///
    /// - Throws: `EngineError` naming a mode, container or network that there is not.
    func networkMode(_ text: String?) throws -> NetworkMode {
        switch text {
        case nil, "bridge", "private", "default", "": return .bridge([networkFiles.defaultNetwork.name])
        case "none": return .none
        case "host": return .host
        case let text? where text.hasPrefix("container:"):
            return .container(try store.container(String(text.dropFirst(10))).id)
        case let text? where text.hasPrefix("ns:"):
            let path = String(text.dropFirst(3))
            guard path.hasPrefix("/"), File.exists(path) else {
                throw EngineError(
                    "--network \(text): no network namespace at \"\(path)\": give the path of one, such as /run/netns/NAME"
                )
            }
            return .namespace(path)
        case let text?:
            if ["slirp4netns", "pasta"].contains(where: text.hasPrefix) {
                throw EngineError(
                    "--network \(text) is for containers of users other than root, which are not supported yet")
            }
            guard !text.contains(":") && !text.contains(",") else {
                throw EngineError("--network \(text): network options and several networks are not supported yet")
            }
            return .bridge([try networkFiles.find(text).name])
        }
    }

    /// Chooses addresses and writes down everything that a run will make outside, in one transaction.
    func recordRun(_ spec: ContainerSpec) throws -> RunIntent {
        let shared = try sharedNamespace(spec.network)
        let definitions = try spec.network.networks.map { try networkFiles.find($0) }
        let own = definitions.isEmpty ? nil : "\(NetworkNamespace.directory)/netns-\(Self.uuid())"
        let networks = try store.database.transaction {
            try store.database.query(
                "INSERT INTO run.runs (container, state, owner, netns) VALUES (?1, 'starting', ?2, ?3)",
                [.text(spec.id), .text(store.owner), .optional(own)])
            try insert(spec.ports, of: spec)
            return try definitions.enumerated().map { index, definition in
                guard let name = InterfaceName("eth\(index)") else { throw EngineError("too many networks") }
                return NetworkIntent(
                    definition: definition, interfaceName: name, addresses: try lease(definition, spec.id))
            }
        }
        return RunIntent(namespace: own ?? shared, makesNamespace: own != nil, networks: networks)
    }

    /// The namespace of another container, or at a path, that the network mode names.
    private func sharedNamespace(_ mode: NetworkMode) throws -> String? {
        switch mode {
        case .host, .bridge, .none: return nil
        case .namespace(let path): return path
        case .container(let id):
            guard let other = try store.container(id: id), other.isRunning, let process = other.run?.initProcess else {
                throw EngineError(
                    "container \(id.prefix(12)), whose network this container shares, does not run: start that one first"
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

    private func lease(_ definition: NetworkDefinition, _ container: String) throws -> [IPAddress] {
        let database = store.database
        var failure: (any Error)?
        func first(_ sql: String, _ parameters: [DatabaseValue]) -> String? {
            do { return try database.query(sql, parameters).first?.text(0) } catch {
                failure = error
                return nil
            }
        }
        let addresses = try definition.assignAddresses(
            previous: { subnet in
                first(
                    "SELECT address FROM run.last_addresses WHERE network = ?1 AND subnet = ?2",
                    [.text(definition.name), .text("\(subnet)")]
                ).flatMap { IPAddress($0) }
            },
            holder: { address in
                first(
                    "SELECT container FROM run.leases WHERE network = ?1 AND address = ?2",
                    [.text(definition.name), .text("\(address)")])
            })
        if let failure { throw failure }
        for address in addresses {
            let subnet = definition.subnet(containing: address).map { "\($0.subnet)" } ?? ""
            try database.query(
                "INSERT INTO run.leases VALUES (?1, ?2, ?3, ?4, ?5)",
                [.text(definition.name), .text("\(address)"), .text(subnet), .text(container), .integer(Clock.now)])
            try database.query(
                "INSERT INTO run.last_addresses VALUES (?1, ?2, ?3) ON CONFLICT (network, subnet) DO UPDATE SET address = ?3",
                [.text(definition.name), .text(subnet), .text("\(address)")])
        }
        return addresses
    }

    // MARK: Ports

    /// Says which of our containers has a port, before the kernel says only that somebody has.
    func checkPorts(_ ports: [PortMapping]) throws {
        for mapping in ports where mapping.hostPort != 0 {
            let last = Int64(mapping.hostPort) + Int64(mapping.range) - 1
            let rows = try store.database.query(
                """
                SELECT c.name, p.host_ip, p.host_port FROM run.ports p JOIN containers c ON c.id = p.container
                WHERE p.protocol = ?1 AND p.host_port <= ?2 AND p.host_port + p.count > ?3
                """, [.text(mapping.protocol.rawValue), .integer(last), .integer(Int64(mapping.hostPort))])
            let wanted = mapping.hostIP
            for row in rows {
                let held = IPAddress(row.text(1))
                let overlaps = wanted?.isUnspecified ?? true || held?.isUnspecified ?? true || wanted == held
                guard overlaps else { continue }
                let port = max(Int64(mapping.hostPort), row.integer(2))
                throw EngineError(
                    "cannot listen on the \(mapping.protocol.rawValue.uppercased()) port: listen \(mapping.protocol.rawValue)4 "
                        + "\(wanted?.bracketed ?? ""):\(port): bind: address already in use: container \(row.text(0)) has it",
                    kind: .inUse, exitCode: 126)
            }
        }
    }

    /// Binds the host's ports, so that nobody else takes them.
    func claimPorts(_ ports: [PortMapping]) throws -> PortClaim {
        do throws(NetworkError) { return try PortClaim(ports) } catch {
            throw EngineError(error.message, kind: .inUse, exitCode: 126)
        }
    }

    private func insert(_ ports: [PortMapping], of spec: ContainerSpec) throws {
        for (position, mapping) in ports.enumerated() {
            try store.database.query(
                "INSERT INTO run.ports VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                [
                    .text(spec.id), .integer(Int64(position)), .text(mapping.protocol.rawValue),
                    .text(mapping.hostIP?.description ?? ""), .integer(Int64(mapping.hostPort)),
                    .integer(Int64(mapping.range)), .integer(Int64(mapping.containerPort)),
                ])
        }
    }

    private func ports(of container: String) throws -> [PortMapping] {
        try store.database.query(
            "SELECT protocol, host_ip, host_port, count, container_port FROM run.ports WHERE container = ?1 ORDER BY position",
            [.text(container)]
        ).map { row in
            PortMapping(
                hostIP: IPAddress(row.text(1)), hostPort: UInt16(truncatingIfNeeded: row.integer(2)),
                containerPort: UInt16(truncatingIfNeeded: row.integer(4)),
                range: UInt16(truncatingIfNeeded: row.integer(3)),
                protocol: PortProtocol(rawValue: row.text(0)) ?? .tcp)
        }
    }

    // MARK: Attaching

    /// Joins a container to its networks and publishes its ports. `namespace` exists.
    func attach(_ spec: ContainerSpec, to intents: [NetworkIntent], namespace: String) throws {
        for intent in intents {
            try timing.measure("attach to \(intent.definition.name)") {
                let lock = try networkLock()
                defer { lock.release() }
                let request = AttachmentRequest(
                    containerID: spec.id, containerName: spec.name, network: intent.definition,
                    addresses: intent.addresses,
                    interfaceName: intent.interfaceName, ports: spec.ports.isEmpty ? nil : spec.ports,
                    namespacePath: namespace)
                let status = try Attachment.attach(request, in: try NetworkContext(namespacePath: namespace)) {
                    record in
                    try store.recordAttachment(record, state: "intent", macAddress: nil)
                }
                try store.recordAttachment(status.record, state: "present", macAddress: status.macAddress?.description)
            }
        }
        guard !intents.isEmpty else { return }
        try timing.measure("load firewall") { try synchronizeFirewall() }
        try PublishedFlows.forget(spec.ports)
    }

    /// Only one command at a time chooses names of links and makes or removes bridges.
    private func networkLock() throws -> FileLock { try FileLock("\(paths.runRoot)/network.lock") }

    /// Every container that is attached, the first attached first, as the firewall needs them.
    func attachedContainers() throws -> [AttachedContainer] {
        try store.attachments(state: "present").map { record in
            let ports = try ports(of: record.containerID)
            return AttachedContainer(
                containerID: record.containerID, network: try networkFiles.find(record.networkName),
                addresses: record.addresses.map(\.address), ports: ports.isEmpty ? nil : ports)
        }
    }

    /// Only one command at a time changes the rules, from the rows that it read under this lock.
    private func firewallLock() throws -> FileLock { try FileLock("\(paths.runRoot)/firewall.lock") }

    /// Makes the host's rules what the attached containers need.
    func synchronizeFirewall(families: Set<AddressFamily> = []) throws {
        let lock = try firewallLock()
        defer { lock.release() }
        try IptablesBackend().sync(try attachedContainers(), families: families)
    }

    private func removeLinks(_ records: [AttachmentRecord]) throws {
        let lock = try networkLock()
        defer { lock.release() }
        let context = try NetworkContext.hostOnly()
        for record in records {
            try timing.measure("detach from \(record.networkName)") { _ = try Attachment.detach(record, in: context) }
        }
    }

    /// Takes a container off its networks and lets its namespace go. Whatever is gone already is success; all steps
    /// are tried.
    ///
    /// - Throws: the first error, after all steps.
    func detach(_ container: String, namespace: String?) throws {
        var errors: [any Error] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { errors.append(error) }
        }
        let records = try store.attachments(of: container)
        if !records.isEmpty {
            let ports = try ports(of: container)
            try store.database.query(
                "UPDATE run.attachments SET state = 'removing' WHERE container = ?1", [.text(container)])
            let firewall = try firewallLock()
            defer { firewall.release() }
            let remaining = try attachedContainers()
            let families = Set(records.flatMap(\.addresses).map(\.address.family))
            // Rules and links each wait for the kernel's grace periods (RCU): they wait at the same time.
            let rules = try ThreadBound { [timing] in
                _ = try timing.measure("unload firewall") { try IptablesBackend().sync(remaining, families: families) }
            }
            attempt { try removeLinks(records) }
            attempt { try rules.join() }
            attempt { try PublishedFlows.forget(ports) }
        }
        if let namespace {
            attempt { try timing.measure("remove namespace") { try NetworkNamespace.remove(at: namespace) } }
        }
        if let first = errors.first { throw first }
    }
}

extension StateStore {
    func recordAttachment(_ record: AttachmentRecord, state: String, macAddress: String?) throws {
        try database.query(
            """
            INSERT INTO run.attachments (container, network, state, record, mac) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (container, network) DO UPDATE SET state = ?3, record = ?4, mac = ?5
            """,
            [
                .text(record.containerID), .text(record.networkName), .text(state),
                .blob(Array(try JSONEncoder.forState.encode(record))), .optional(macAddress),
            ])
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
}
