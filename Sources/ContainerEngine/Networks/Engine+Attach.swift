internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension Engine {
    /// Joins a container to networks, publishes its ports and its names. `namespace` exists.
    ///
    /// - Returns: what servers on the wire gave.
    @discardableResult
    func attach(_ spec: ContainerSpec, to intents: [NetworkIntent], namespace: String) throws -> [WireLease] {
        var leases: [WireLease] = []
        if !intents.isEmpty { try store.chooseNamesPort(try configuration().namesPort) }
        for intent in intents {
            let lease = try timing.measure("attach to \(intent.definition.name)") { try attach(spec, intent, namespace) }
            if let lease { leases.append(lease) }
        }
        guard !intents.isEmpty else { return [] }
        let lock = try projectionLock()
        defer { lock.release() }
        let names = try publishNames(of: intents.map(\.definition))
        try timing.measure("load firewall") {
            _ = try IptablesBackend().sync(try store.attachedContainers(), dnsPort: try store.namesPort())
        }
        try PublishedFlows.forget(spec.ports)
        try timing.measure("publish names") { try names?.join() }
        return leases
    }

    private func attach(_ spec: ContainerSpec, _ intent: NetworkIntent, _ namespace: String) throws -> WireLease? {
        let lock = try networkLock()
        defer { lock.release() }
        let options = spec.options(of: intent.definition.name)
        var request = AttachmentRequest(
            containerID: spec.id, containerName: spec.name, network: intent.definition, addresses: intent.addresses,
            staticMAC: options.macAddress, interfaceName: options.interfaceName ?? .eth0,
            ports: spec.ports.isEmpty ? nil : spec.ports, namespacePath: namespace)
        request.hostInterfaceName = options.hostInterfaceName
        request.defaultRouteMetric = intent.metric
        let names = spec.names(on: intent.definition.name)
        let servers = spec.resolver?.servers ?? []
        func record(_ record: AttachmentRecord, _ state: String, _ mac: String?) throws {
            try store.recordAttachment(record, state: state, macAddress: mac, names: names, servers: servers)
        }
        try store.recordDefinition(intent.definition)
        let status = try Attachment.attach(request, in: try NetworkContext(namespacePath: namespace)) {
            try record($0, "intent", nil)
        }
        guard intent.definition.leasesAddresses else {
            try record(status.record, "present", status.macAddress?.description)
            return nil
        }
        // Nobody need wait until a server on the wire answers, or none does.
        lock.release()
        let lease = try leaseKeeper(spec.id, intent.definition.name).acquire(request, hostName: spec.hostname)
        try request.addRoutesOverNeighbours()
        var present = status.record
        present.addresses = [lease.address]
        present.lease = lease
        try record(present, "present", status.macAddress?.description)
        return lease
    }

    /// Who keeps the address that a container got from a server on the wire of a network.
    func leaseKeeper(_ container: String, _ network: String) -> LeaseKeeper {
        LeaseKeeper(directory: "\(paths.container(container))/lease.\(network)", program: nameProgram)
    }

    /// Only one command at a time chooses names of links and makes or removes bridges.
    func networkLock() throws -> FileLock { try FileLock("\(paths.runRoot)/network.lock") }

    /// Only one command at a time makes rules and names what the rows say that it read under this lock.
    private func projectionLock() throws -> FileLock { try FileLock("\(paths.runRoot)/firewall.lock") }

    /// Makes the host's rules, and the names that are answered, what the attached containers need.
    func project(families: Set<AddressFamily> = []) throws {
        let lock = try projectionLock()
        defer { lock.release() }
        try IptablesBackend().sync(
            try store.attachedContainers(), dnsPort: try store.namesPort(), families: families)
        try nameServer().publish(try store.networkNames())
    }

    /// Begins to tell the name server what is attached now, if one of these networks answers names.
    private func publishNames(of changed: [NetworkDefinition]) throws -> ThreadBound<Void>? {
        guard changed.contains(where: \.dnsEnabled) else { return nil }
        let networks = try store.networkNames()
        let server = try nameServer()
        return try ThreadBound { try server.publish(networks) }
    }

    /// The server of all networks' names. Its program lies beside this one, or where `make install` puts it.
    private func nameServer() throws -> NameServer {
        NameServer(directory: "\(paths.runRoot)/names", program: nameProgram, port: try store.namesPort())
    }

    private var nameProgram: String {
        let own = cleanupCommand.first?.split(separator: "/").dropLast() ?? []
        let beside = "/\(own.joined(separator: "/"))/swiftlet-dns"
        let installed = "/\(own.dropLast().joined(separator: "/"))/libexec/swiftlet/swiftlet-dns"
        return File.exists(beside) ? beside : installed
    }

    /// Takes a whole run off its networks and lets its namespace go. Whatever is gone already is success; all steps
    /// are tried.
    ///
    /// - Throws: the first error, after all steps.
    func detach(_ container: String, namespace: String?) throws {
        var failure: (any Error)?
        do { try detach(container, try store.attachments(of: container), inside: nil) } catch { failure = error }
        if let namespace {
            do {
                try timing.measure("remove namespace") { try NetworkNamespace.remove(at: namespace) }
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// Takes a container off networks. `inside` is its namespace if that goes on to live.
    ///
    /// - Throws: the first error, after all steps.
    func detach(_ container: String, _ records: [AttachmentRecord], inside: String?) throws {
        guard !records.isEmpty else { return }
        var errors: [any Error] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { errors.append(error) }
        }
        let ports = try store.ports(of: container)[container] ?? []
        let definitions = try records.compactMap { try store.attachedDefinition($0.networkName) }
        for record in records {
            try store.database.query(
                "UPDATE run.attachments SET state = 'removing' WHERE container = ?1 AND network = ?2",
                [.text(container), .text(record.networkName)])
        }
        // While the links are there.
        for record in records where record.leasesAddress == true {
            attempt { try leaseKeeper(container, record.networkName).release() }
        }
        let lock = try projectionLock()
        defer { lock.release() }
        let remaining = try store.attachedContainers()
        let families = Set(records.flatMap(\.addresses).map(\.address.family))
        let names = try publishNames(of: definitions)
        let port = try store.namesPort()
        // Rules and links each wait for the kernel's grace periods (RCU): they wait at the same time.
        let rules = try ThreadBound { [timing] in
            _ = try timing.measure("unload firewall") {
                try IptablesBackend().sync(remaining, dnsPort: port, families: families)
            }
        }
        attempt { try removeLinks(records, inside: inside) }
        attempt { try rules.join() }
        attempt { try PublishedFlows.forget(ports) }
        attempt { try names?.join() }
        if let first = errors.first { throw first }
    }

    private func removeLinks(_ records: [AttachmentRecord], inside: String?) throws {
        let lock = try networkLock()
        defer { lock.release() }
        let context = try inside.map { try NetworkContext(namespacePath: $0) } ?? NetworkContext.hostOnly()
        for record in records {
            try timing.measure("detach from \(record.networkName)") { _ = try Attachment.detach(record, in: context) }
        }
    }
}
