internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension Engine {
    /// Joins a container to one more network, at once if it runs.
    ///
    /// - Throws: `EngineError` or `NetworkError` when there is no such container or network, when it is on that network
    ///   already, or when it has no network of its own; everything is as before then.
    public func connect(container reference: String, network name: String, options: NetworkAttachmentOptions) throws {
        try changeNetworks(of: reference) { spec, names in
            let definition = try networkFiles.find(name)
            guard !names.contains(definition.name) else {
                throw EngineError(
                    "container \(spec.id) is already connected to network \"\(definition.name)\": "
                        + "network is already connected", exitCode: 125)
            }
            var options = options
            let taken = Set(names.compactMap { spec.options(of: $0).interfaceName })
            if let wanted = options.interfaceName, taken.contains(wanted) {
                throw EngineError("interface \(wanted) exists in container \(spec.name) already: choose another name")
            }
            options.interfaceName = options.interfaceName ?? .firstFree(besides: taken)
            spec.network = .bridge(names + [definition.name])
            spec.networkOptions = (spec.networkOptions ?? [:]).merging([definition.name: options]) { $1 }
        }
    }

    /// Takes a container off a network, at once if it runs.
    ///
    /// - Parameters:
    ///   - reference: the container's name or id.
    ///   - name: the network's name or id; one whose definition is gone is found by its name.
    ///   - force: a container that does not exist is no error.
    /// - Throws: `EngineError` when there is no such container, or it is not on that network.
    public func disconnect(container reference: String, network name: String, force: Bool) throws {
        do {
            try changeNetworks(of: reference) { spec, names in
                let network = names.contains(name) ? name : try networkFiles.find(name).name
                guard names.contains(network) else {
                    throw EngineError(
                        "container \(spec.id) is not connected to network \"\(network)\": network not found")
                }
                spec.network = .bridge(names.filter { $0 != network })
                spec.networkOptions?[network] = nil
            }
        } catch let error as EngineError where error.kind == .noSuchContainer && force {
            return
        }
    }

    /// Puts back what somebody took away of running containers' networks: links, addresses, rules, names.
    ///
    /// - Parameter references: the containers; nil for every one that runs on networks.
    /// - Returns: the containers' ids.
    /// - Throws: `EngineError` when there is no such container or it does not run on networks; `NetworkError` when the
    ///   kernel refuses.
    public func reloadNetworks(_ references: [String]?) throws -> [String] {
        let records = try references?.map { try store.container($0) } ?? store.containers().filter { $0.isOnNetworks }
        for record in records {
            guard record.isOnNetworks else {
                throw EngineError(
                    "cannot reload network unless container network has been configured: container \(record.id) "
                        + "does not run on networks of its own: container state improper")
            }
            let lock = try lock(record.id)
            defer { unlock(lock, record.id) }
            try settle(record.id)
            try restoreLinks(of: record.id)
        }
        if !records.isEmpty { try project(families: [.ipv4, .ipv6]) }
        return records.map(\.id)
    }

    /// Changes the list of a container's networks: first what is written down, then what is there.
    private func changeNetworks(
        of reference: String, _ change: (inout ContainerSpec, _ names: [String]) throws -> Void
    ) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        let record = try store.container(reference)
        guard case .bridge(let names) = record.spec.network else {
            throw EngineError("\"\(record.spec.network.name)\" is not supported: invalid network mode")
        }
        var spec = record.spec
        try change(&spec, names)
        try rewrite(spec, owned: record.isRunning)
        guard record.isRunning else { return }
        do { try converge(try store.container(id)) } catch {
            undoing {
                try rewrite(record.spec, owned: true)
                try converge(try store.container(id))
                try store.disown(id)
            }
            throw error
        }
        try store.disown(id)
    }

    private func rewrite(_ spec: ContainerSpec, owned: Bool) throws {
        try store.database.transaction {
            try store.updateSpec(spec)
            try store.recordNetworks(spec, try definitions(of: spec))
            // Whoever finds the row without its owner brings the container's networks to what is written here. It is the
            // row beside that: a commit of two databases can be cut in two.
            if owned { try store.setState(spec.id, .running, owned: true) }
        }
    }

    /// The definitions of a container's networks: as they were when it was joined, else as the files say.
    func definitions(of spec: ContainerSpec) throws -> [NetworkDefinition] {
        try spec.network.networks.map { try store.attachedDefinition($0) ?? networkFiles.find($0) }
    }

    /// Makes the networks of a running container those that its description names: what is half made or not wanted
    /// goes, what is missing comes. The caller holds the lock.
    func converge(_ record: ContainerRecord) throws {
        guard record.spec.network.isBridge, let namespace = record.run?.namespacePath else { return }
        let wanted = record.spec.network.networks
        let present = try store.attachments(state: "present", of: record.id)
        let kept = Set(present.map(\.networkName)).intersection(wanted)
        let all = try store.attachments(of: record.id)
        guard kept.count != wanted.count || kept.count != all.count else { return }
        let surplus = all.filter { !kept.contains($0.networkName) }
        var names = ContainerNameFiles(paths.files(of: record.spec), record.spec)
        if !surplus.isEmpty {
            let definitions = try surplus.compactMap { try store.attachedDefinition($0.networkName) }
            try detach(record.id, surplus, inside: namespace)
            for gone in surplus { try store.forgetAttachment(record.id, gone.networkName) }
            try names.remove(
                surplus.flatMap(\.addresses).map(\.address),
                servers: try definitions.resolvers + surplus.compactMap(\.lease).flatMap(\.servers))
        }
        let missing = try wanted.filter { !kept.contains($0) }.map { try networkFiles.find($0) }
        guard !missing.isEmpty else { return }
        let intents = try store.database.transaction { try intend(missing, record.spec) }
        let leases = try attach(record.spec, to: intents, namespace: namespace)
        let addresses = intents.flatMap(\.addresses)
        try names.add(addresses, servers: try missing.resolvers, isFirst: kept.isEmpty)
        try names.add(
            leases, besides: try definitions(of: record.spec).resolvers, areFirst: kept.isEmpty && addresses.isEmpty)
    }
}

extension [NetworkDefinition] {
    /// Where containers on these networks ask for names.
    var resolvers: [IPAddress] { get throws { try flatMap { try $0.resolverAddresses() } } }
}

extension ContainerRecord {
    /// Whether it runs on networks of its own.
    fileprivate var isOnNetworks: Bool { isRunning && !spec.network.networks.isEmpty }
}

/// The files of a running container that say names: they are mounted into it, so they are changed in place.
struct ContainerNameFiles {
    private let paths: ContainerPaths
    private let spec: ContainerSpec

    init(_ paths: ContainerPaths, _ spec: ContainerSpec) {
        self.paths = paths
        self.spec = spec
    }

    /// Adds addresses of the container, which has no others if they are the first, and servers in front of the others.
    mutating func add(_ addresses: [IPAddress], servers: [IPAddress], isFirst: Bool) throws {
        try edit(paths.hosts) {
            HostsFile.adding(addresses, names: [spec.hostname, spec.name], isFirst: isFirst, to: $0)
        }
        try edit(paths.resolvConf) { text in
            var file = ResolvConf(parsing: text)
            let new = servers.map(\.description)
            file.servers = new + file.servers.filter { !new.contains($0) }
            return file.text
        }
    }

    /// Adds what servers on the wire gave. Their servers of names take the place of the host's, unless a network of ours
    /// answers names or the container has servers of its own.
    func add(_ leases: [WireLease], besides resolvers: [IPAddress], areFirst: Bool) throws {
        guard !leases.isEmpty else { return }
        try edit(paths.hosts) {
            HostsFile.adding(
                leases.map(\.address.address), names: [spec.hostname, spec.name], isFirst: areFirst, to: $0)
        }
        let servers = leases.flatMap(\.servers).map(\.description)
        guard resolvers.isEmpty, spec.resolver?.servers.isEmpty ?? true, !servers.isEmpty else { return }
        try edit(paths.resolvConf) { text in
            var file = ResolvConf(parsing: text)
            file.servers = servers
            let domains = leases.compactMap(\.domain)
            if spec.resolver?.search.isEmpty ?? true, !domains.isEmpty { file.search = domains }
            return file.text
        }
    }

    /// Removes addresses of the container, and servers.
    mutating func remove(_ addresses: [IPAddress], servers: [IPAddress]) throws {
        try edit(paths.hosts) { HostsFile.removing(addresses, names: [spec.hostname, spec.name], from: $0) }
        try edit(paths.resolvConf) { text in
            var file = ResolvConf(parsing: text)
            file.servers.removeAll { server in servers.contains { $0.description == server } }
            if file.servers.isEmpty { file.servers = ResolvConf.container(host: .host(), .init()).servers }
            return file.text
        }
    }

    private func edit(_ path: String, _ change: (String) -> String) throws {
        let old = try File.readText(path, limit: 1 << 20)
        let new = change(old)
        if new != old { try File.write(path, new, mode: 0o644) }
    }
}
