public import ContainerNetwork
internal import LinuxSys
internal import OCISpec
internal import WirePrimitives

extension Engine {
    /// Every network, by name; warns of files that cannot be used.
    public func networks() throws -> [NetworkDefinition] {
        let contents = try networkFiles.load()
        contents.warnings.forEach(warn)
        return contents.networks.map(dated)
    }

    /// The network with this name, id, or unique beginning of an id.
    ///
    /// - Throws: `NetworkError` of kind `notFound` or `ambiguous`.
    public func network(_ reference: String) throws -> NetworkDefinition {
        dated(try networkFiles.find(reference))
    }

    /// The default network without a file is made whenever it is asked for, as in Podman.
    private func dated(_ network: NetworkDefinition) -> NetworkDefinition {
        guard network.created == NetworkDefinition.podmanDefault.created else { return network }
        var network = network
        network.created = Timestamp(nanoseconds: Clock.now).description
        return network
    }

    /// The name of the network that containers get when none is named.
    ///
    /// - Throws: `EngineError` when containers.conf cannot be read.
    public var defaultNetworkName: String { get throws { try networkFiles.defaultNetwork.name } }

    /// Defines a network.
    ///
    /// - Returns: the definition that was written.
    /// - Throws: `NetworkError` in Podman's words; nothing is written then.
    public func createNetwork(_ request: NetworkRequest) throws -> NetworkDefinition {
        let lock = try definitionsLock()
        defer { lock.release() }
        var random = SystemRandomNumberGenerator()
        let surroundings = try NetworkSurroundings.read(networkFiles.load().networks)
        var request = request
        request.subnetPools = try configuration().subnetPools
        let definition = try request.definition(
            among: surroundings, created: Timestamp(nanoseconds: Clock.now).description, &random)
        try networkFiles.write(definition)
        return definition
    }

    /// Removes a network's definition.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - force: remove the containers on it first.
    ///   - timeout: seconds that those get between their stop signal and SIGKILL; their own if nil.
    /// - Returns: the network's name.
    /// - Throws: `NetworkError` when there is no such network; `EngineError` of kind `.inUse` when containers are on it
    ///   and `force` is false, or when it is the default network.
    public func removeNetwork(_ reference: String, force: Bool, timeout: Int64?) throws -> String {
        let name = try networkFiles.find(reference).name
        if force {
            for container in try store.containers(onNetwork: name) {
                try remove(container.id, force: true, timeout: timeout, volumes: true)
            }
        }
        guard try removeUnused(name) else {
            throw EngineError(
                "\"\(name)\" has associated containers with it. Use -f to forcibly delete containers and pods: "
                    + "network is being used", kind: .inUse)
        }
        return name
    }

    /// Removes a definition, unless containers are on the network.
    private func removeUnused(_ name: String) throws -> Bool {
        let lock = try definitionsLock()
        defer { lock.release() }
        // In one transaction with the look for containers: one that is being created now waits, and then finds that
        // the network is gone.
        return try store.database.transaction {
            guard try store.containers(onNetwork: name).isEmpty else { return false }
            guard try name != defaultNetworkName else {
                throw EngineError("default network \(name) cannot be removed")
            }
            try store.database.query("DELETE FROM reserved_addresses WHERE network = ?1", [.text(name)])
            try store.database.query("DELETE FROM run.last_addresses WHERE network = ?1", [.text(name)])
            try networkFiles.remove(name)
            return true
        }
    }

    /// Removes every network that no container is on, but for the default one.
    ///
    /// - Parameter isChosen: says which of them.
    /// - Returns: the names of those removed.
    /// - Throws: `EngineError` or `NetworkError` when the definitions or the state cannot be read or changed.
    public func pruneNetworks(where isChosen: (NetworkDefinition) -> Bool) throws -> [String] {
        let defaultName = try defaultNetworkName
        return try networkFiles.load().networks.filter { $0.name != defaultName && isChosen($0) }.map(\.name)
            .filter { try removeUnused($0) }
    }

    /// Whether no container, running or not, is on a network; the default one is always of use.
    public func isUnused(_ network: NetworkDefinition) throws -> Bool {
        try network.name != defaultNetworkName && store.containers(onNetwork: network.name).isEmpty
    }

    /// Changes the servers that a network's resolver asks for what is no name of its own, at once.
    ///
    /// - Throws: `NetworkError` when there is no such network, or it resolves no names, or a server is no address.
    public func updateNetwork(_ reference: String, addServers: [String], dropServers: [String]) throws {
        let lock = try definitionsLock()
        defer { lock.release() }
        var definition = try networkFiles.find(reference)
        guard definition.resolvesNames else {
            throw EngineError("cannot update dns servers: network \(definition.name) does not resolve names")
        }
        let dropped = try dropServers.map { try NetworkRequest.server($0) }
        definition.dnsServers.removeAll(where: dropped.contains)
        for server in try addServers.map({ try NetworkRequest.server($0) })
        where !definition.dnsServers.contains(server) {
            definition.dnsServers.append(server)
        }
        try NetworkRequest.checkServers(definition)
        try networkFiles.write(definition)
        if try store.attachedDefinition(definition.name) != nil {
            try store.recordDefinition(definition)
            try project()
        }
    }

    /// Only one command at a time chooses names and subnets, and changes definitions.
    private func definitionsLock() throws -> FileLock { try FileLock("\(paths.runRoot)/networks.lock") }
}
