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
            let lease = try timing.measure("attach to \(intent.definition.name)") {
                try attach(spec, intent, namespace)
            }
            if let lease { leases.append(lease) }
        }
        guard !intents.isEmpty else { return [] }
        for intent in intents { _ = try intent.definition.resolverAddresses() }
        let lock = try projectionLock()
        defer { lock.release() }
        let names = try publishNames(of: intents.map(\.definition), for: Set(intents.map(\.definition.name)))
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
        let request = AttachmentRequest(spec, intent, namespace: namespace)
        let names = spec.names(on: intent.definition.name)
        let servers = spec.resolver?.servers ?? []
        func record(_ record: AttachmentRecord, _ state: String, _ mac: String?) throws {
            try store.recordAttachment(record, state: state, macAddress: mac, names: names, servers: servers)
        }
        try store.recordDefinition(intent.definition)
        let status = try Attachment.attach(request, in: try NetworkContext(namespacePath: namespace)) {
            try record($0, "intent", nil)
        }
        if !intent.definition.leasesAddresses { try record(status.record, "present", status.macAddress?.description) }
        if try status.hasMendedBridge || hasLostPorts(intent.definition, status, but: spec.id) {
            try restoreOthers(on: intent.definition, but: spec.id)
        }
        guard intent.definition.leasesAddresses else { return nil }
        // Nobody need wait until a server on the wire answers, or none does.
        lock.release()
        let lease = try acquireLease(request, hostName: spec.hostname)
        try record(status.record.with(lease), "present", status.macAddress?.description)
        return lease
    }

    /// Whether fewer ports of a network's bridge worked, before this container came, than containers are on it: somebody
    /// removed one, took it off the bridge, or set it down. To count is all that a start can afford.
    private func hasLostPorts(
        _ definition: NetworkDefinition, _ status: AttachmentStatus, but container: String
    ) throws -> Bool {
        guard let ports = status.portsBefore else { return false }
        return try ports < store.presentCount(network: definition.name) - (definition.leasesAddresses ? 0 : 1)
    }

    /// Puts back what containers on a network lost with its bridge, or of their ports.
    private func restoreOthers(on definition: NetworkDefinition, but container: String) throws {
        for other in try store.presentAttachments(network: definition.name)
        where other.record.containerID != container {
            do { try restore(other, definition) } catch {
                warn(
                    "container \(other.record.containerID.prefix(12)) lost its place on network "
                        + "\(definition.name), and it cannot be put back: \(error)")
            }
        }
    }

    /// Puts back what is missing of a container's links, addresses and routes. The caller holds the network's lock.
    private func restore(_ present: StateStore.PresentAttachment, _ definition: NetworkDefinition) throws {
        let record = present.record
        guard let spec = try store.container(id: record.containerID)?.spec else { return }
        let request = request(spec, present, definition)
        let context = try NetworkContext(namespacePath: record.namespacePath)
        try Attachment.restore(request, record, in: context) { changed in
            try store.recordAttachment(
                changed, state: "present", macAddress: present.macAddress?.description,
                names: spec.names(on: record.networkName), servers: spec.resolver?.servers ?? [])
        }
    }

    /// A container as it was joined to a network.
    private func request(
        _ spec: ContainerSpec, _ present: StateStore.PresentAttachment, _ definition: NetworkDefinition
    ) -> AttachmentRequest {
        let record = present.record
        let intent = NetworkIntent(
            definition: definition, addresses: definition.leasesAddresses ? [] : record.addresses.map(\.address),
            metric: Self.metric(definition, among: spec.routeOrder(spec.network.networks)))
        var request = AttachmentRequest(spec, intent, namespace: record.namespacePath)
        request.interfaceName = record.interfaceName
        request.staticMAC = present.macAddress ?? request.staticMAC
        return request
    }

    /// Puts back what is missing of a container's links, addresses and routes, on all its networks.
    func restoreLinks(of container: String) throws {
        let lock = try networkLock()
        defer { lock.release() }
        let attachments = try store.presentAttachments(container: container)
        for present in attachments {
            guard let definition = try store.attachedDefinition(present.record.networkName) else { continue }
            try restore(present, definition)
        }
        lock.release()
        for present in attachments where present.record.lease != nil {
            guard let definition = try store.attachedDefinition(present.record.networkName),
                let spec = try store.container(id: container)?.spec
            else { continue }
            try restoreLease(present, spec, request(spec, present, definition))
        }
    }

    /// Only one command at a time chooses names of links and makes or removes bridges.
    func networkLock() throws -> FileLock { try FileLock(paths.networkLock) }

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

    /// Begins to tell the name server what is attached now, if one of these networks answers names; that it cannot
    /// listen is an error for the networks `concerned` alone.
    private func publishNames(
        of changed: [NetworkDefinition], for concerned: Set<String>
    ) throws -> ThreadBound<Void>? {
        guard changed.contains(where: \.resolvesNames) else { return nil }
        let networks = try store.networkNames()
        let server = try nameServer()
        return try ThreadBound { try server.publish(networks, for: concerned) }
    }

    /// Has the name server answer what the rows say, if one of these networks answers names.
    func publishNames(of changed: [NetworkDefinition]) throws {
        let lock = try projectionLock()
        defer { lock.release() }
        try publishNames(of: changed, for: [])?.join()
    }

    /// The server of all networks' names. Its program lies beside this one, or where `make install` puts it.
    private func nameServer() throws -> NameServer {
        NameServer(directory: "\(paths.runRoot)/names", program: nameProgram, port: try store.namesPort())
    }

    var nameProgram: String {
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
        do {
            let records = try store.attachments(of: container)
            // A link on top of one of the host's keeps its MAC address to itself until the kernel finds the time to take
            // the namespace down: whoever starts next may want the same one.
            let hasUpper = records.contains { $0.driver != "bridge" }
            try detach(container, records, inside: hasUpper ? namespace : nil)
        } catch { failure = error }
        if let namespace {
            do {
                try timing.measure("remove namespace") { try NetworkNamespace.remove(at: namespace) }
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// Takes a container off networks. `inside` is its namespace where what lies in that does not simply go with it.
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
        let families = Set(records.filter { $0.bridge != nil }.flatMap(\.addresses).map(\.address.family))
        let names = try publishNames(of: definitions, for: [])
        let port = try store.namesPort()
        // Rules and links each wait for the kernel's grace periods (RCU): they wait at the same time.
        let rules = try ThreadBound { [timing] in
            // Without iptables there are no rules of ours that could be taken back; the next one that can sees to it.
            do {
                _ = try timing.measure("unload firewall") {
                    try IptablesBackend().sync(remaining, dnsPort: port, families: families)
                }
            } catch let error as NetworkError where error.kind == .missingProgram {}
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
        let context = try NetworkContext.forUndoing(in: inside)
        for record in records {
            try timing.measure("detach from \(record.networkName)") { _ = try Attachment.detach(record, in: context) }
        }
    }
}

extension AttachmentRequest {
    /// A container's wish to be on a network, once all is decided.
    fileprivate init(_ spec: ContainerSpec, _ intent: NetworkIntent, namespace: String) {
        let options = spec.options(of: intent.definition.name)
        self.init(
            containerID: spec.id, containerName: spec.name, network: intent.definition, addresses: intent.addresses,
            staticMAC: options.macAddress, interfaceName: options.interfaceName ?? .eth0,
            ports: spec.ports.isEmpty ? nil : spec.ports, namespacePath: namespace)
        hostInterfaceName = options.hostInterfaceName
        defaultRouteMetric = intent.metric
    }
}
