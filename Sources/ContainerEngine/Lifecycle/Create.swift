internal import ContainerNetwork
internal import ContainerRuntime
internal import ContainerStorage
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec
internal import WirePrimitives

extension Engine {
    /// Makes a container and leaves it to be started.
    ///
    /// - Returns: the container's id.
    /// - Throws: `EngineError`; nothing is left of the container then.
    public func create(_ request: CreateRequest) throws -> String {
        let spec = try insert(request)
        try undoing(spec) {
            try prepareFiles(spec)
            try writeIDFile(request.idFile, spec.id)
            try store.setState(spec.id, .created)
        }
        return spec.id
    }

    /// Adds the container's row, in state `creating` and owned by this process.
    func insert(_ request: CreateRequest) throws -> ContainerSpec {
        if let file = request.idFile, File.exists(file) {
            throw EngineError("container id file exists. Ensure another container is not using it or delete \(file)")
        }
        var spec = try timing.measure("describe container") { try ContainerSpec(request, self) }
        if request.replace, try removeForReplacement(spec.name) { request.onReplaced?(spec.name) }
        try choosePorts(&spec)
        try timing.measure("commit intent") {
            try store.database.transaction {
                try store.insertContainer(spec)
                // Looked up once more: since the description was made, somebody may have removed a network.
                try store.recordNetworks(spec, try spec.network.networks.map { try networkFiles.find($0) })
                try store.recordDependencies(spec)
                try store.recordChosenPorts(spec)
                for mount in spec.mounts { try recordVolume(mount, spec) }
            }
        }
        return spec
    }

    private func removeForReplacement(_ name: String) throws -> Bool {
        do {
            try remove(name, force: true, timeout: nil, volumes: true)
            return true
        } catch let error as EngineError where error.kind == .noSuchContainer {
            return false
        }
    }

    private func recordVolume(_ mount: MountSpec, _ spec: ContainerSpec) throws {
        let anonymous: Bool
        switch mount.source {
        case .volume: anonymous = false
        case .anonymousVolume: anonymous = true
        case .bind, .tmpfs: return
        }
        try store.database.query(
            "INSERT OR IGNORE INTO volumes (name, created, anonymous) VALUES (?1, ?2, ?3)",
            [.text(mount.sourceName), .integer(spec.created), .integer(anonymous ? 1 : 0)])
        try store.database.query(
            "INSERT OR IGNORE INTO container_volumes VALUES (?1, ?2)", [.text(spec.id), .text(mount.sourceName)])
    }

    /// Makes the container's directory, and its volumes where they are missing.
    func prepareFiles(_ spec: ContainerSpec) throws {
        try timing.measure("make directories") {
            try File.makeDirectories(paths.container(spec.id))
            for mount in spec.mounts { try makeVolume(mount, spec) }
        }
    }

    private func makeVolume(_ mount: MountSpec, _ spec: ContainerSpec) throws {
        switch mount.source {
        case .volume(let name), .anonymousVolume(let name):
            if try storage().volumes.contains(name) { return }
            do {
                _ = try storage().volumes.create(name)
            } catch let error as StorageError where error.code == .exists {
                return  // another container made it meanwhile
            }
        case .bind, .tmpfs: return
        }
    }

    func writeIDFile(_ path: String?, _ id: String) throws {
        guard let path else { return }
        do {
            let file = try OwnedFD.open(path, [.write, .create, .exclusive], mode: 0o644)
            try file.write(all: id)
        } catch {
            throw EngineError("writing the container id to \(path): \(error)")
        }
    }

    /// Runs what makes a container; if it fails, everything of the container goes.
    func undoing<Result>(_ spec: ContainerSpec, _ body: () throws -> Result) throws -> Result {
        try undoing({ try discard(spec.id) }, body: body)
    }
}

extension ContainerSpec {
    /// Mixes what was asked for with what the image says.
    init(_ request: CreateRequest, _ engine: Engine) throws {
        self.init()
        id = RandomBytes.hexadecimal(32)
        created = Clock.now
        name = request.name.flatMap { $0.isEmpty ? nil : $0 } ?? NameMaker.name(id)
        try Self.check(name: name)
        let image = try engine.pull(request.image, request.pull)
        imageID = image.id
        imageName = image.names.first { $0.hasSuffix(request.image) } ?? image.names.first ?? image.id
        if let exact = image.names.first(where: { $0 == request.image || $0 == "\(request.image):latest" }) {
            imageName = exact
        }
        layers = image.configuration.rootfs.diffIDs.map(\.description)
        var request = request
        request.mounts = try engine.mounts(of: request.volumesFrom, besides: request.mounts)
        try apply(image.configuration.config ?? ImageConfiguration.Execution(), request)
        hostname = try request.hostname ?? (request.networks == ["host"] ? HostName.current() : String(id.prefix(12)))
        let configuration = try engine.configuration()
        environment = try Self.environment(
            configuration.environment + (image.configuration.config?.environment ?? []), request)
        terminal = request.terminal
        openStandardInput = request.openStandardInput
        privileged = request.privileged
        capabilitiesToAdd = request.capabilitiesToAdd
        capabilitiesToDrop = request.capabilitiesToDrop
        idFile = request.idFile
        readOnly = request.readOnly
        if let seconds = request.stopTimeout ?? configuration.stopTimeout { stopTimeout = seconds }
        apply(configuration)
        if let limit = request.pidsLimit { pidsLimit = limit }
        let asked = try request.ulimits.map(Ulimit.parse)
        func type(_ limit: String) -> Substring { limit.prefix { $0 != "=" } }
        let replaced = Set(asked.map(type))
        if !asked.isEmpty { ulimits = (ulimits ?? []).filter { !replaced.contains(type($0)) } + asked }
        autoRemove = request.autoRemove
        createCommand = request.createCommand
        runtime = request.runtime ?? configuration.runtime
        // One that is not there could not undo what is made with it, either.
        if let runtime { _ = try OCIRuntime.select(runtime, root: engine.paths.runtimeState) }
        let selection = try engine.networkSelection(request)
        network = selection.mode
        networkOptions = selection.options
        settings = try settings(request, engine)
        if autoRemove, settings?.restart != nil {
            throw EngineError("the --rm option conflicts with --restart, when the restartPolicy is not \"\" and \"no\"")
        }
        try resolve(request, configuration)
        try publish(request, engine)
    }

    static func check(name: String) throws {
        guard isName(name) else {
            throw EngineError(
                "running container create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: \"\(name)\" is an invalid argument"
            )
        }
    }

    static func isName(_ text: String) -> Bool {
        text.utf8.first?.isNameStart == true
            && text.utf8.allSatisfy { $0.isNameStart || [0x5f, 0x2e, 0x2d].contains($0) }
    }

    /// What the host's configuration gives every container.
    private mutating func apply(_ configuration: ContainersConfiguration) {
        let capabilities = configuration.containers?.capabilities?.map(\.value)
        if let capabilities, Set(capabilities) != Capability.defaults {
            defaultCapabilities = capabilities.map(\.description)
        }
        pidsLimit = configuration.containers?.pidsLimit.map { Int64($0) }
        ulimits = configuration.containers?.ulimits?.map(\.value.ulimit)
    }

    private mutating func apply(_ image: ImageConfiguration.Execution, _ request: CreateRequest) throws {
        entrypoint = request.entrypoint ?? image.entrypoint ?? []
        // An ENTRYPOINT of the user's own takes the image's CMD away, as it was meant for the image's own.
        command = !request.command.isEmpty ? request.command : request.entrypoint == nil ? image.command ?? [] : []
        guard !arguments.isEmpty else {
            throw EngineError(
                "no command or entrypoint provided, and no CMD or ENTRYPOINT from image: give a command after the image"
            )
        }
        workingDirectory = request.workingDirectory ?? image.workingDirectory.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        namesWorkingDirectory = request.workingDirectory != nil
        guard workingDirectory.hasPrefix("/") else {
            // The runtimes take no other.
            throw EngineError(
                "workdir \"\(workingDirectory)\" does not exist on container \(id): give an absolute path",
                exitCode: 126)
        }
        user = request.user ?? image.user ?? ""
        labels = (image.labels ?? [:]).merging(request.labels) { $1 }
        if let signal = request.stopSignal ?? image.stopSignal, !signal.isEmpty {
            guard let parsed = Signal(signal) else { throw EngineError("invalid signal: \(signal)") }
            stopSignal = parsed.rawValue
        } else if try runsSystemd(request) {
            stopSignal = Self.systemdStopSignal
        }
        exposedPorts = image.exposedPorts.union(try request.expose.flatMap(ExposedPort.parse)).sorted()
        try mount(request, image.volumes)
    }

    /// The image's variables, then the user's. What every container gets besides is added at the start
    /// (`ContainerEnvironment`).
    private static func environment(_ image: [String], _ request: CreateRequest) throws -> [String] {
        let unset = Set(request.settings.unsetVariables ?? [])
        let inherited = try merge(request.mergedEnvironment, request.defaultEnvironment + image).filter { variable in
            variable.contains("=") && !unset.contains("*") && !unset.contains(String(variable.prefix { $0 != "=" }))
        }
        return ContainerEnvironment.merge(inherited + request.environment)
    }

    /// `--env-merge`: adds variables one by one to those that they refer to, among which are the defaults.
    private static func merge(_ added: [String], _ variables: [String]) throws -> [String] {
        try added.reduce(into: variables) { variables, text in
            guard text.dropFirst().contains("=") else { throw EngineError("invalid environment variable: \"\(text)\"") }
            let known = ContainerEnvironment.complete(variables, hostname: nil, home: nil)
            do { variables.append(try VariableReferences.expand(text, known)) } catch let error as EngineError {
                throw EngineError("unable to process variables for --env-merge \(text): \(error.message)")
            }
        }
    }

    private mutating func mount(_ asked: CreateRequest, _ imageVolumes: Set<String>) throws {
        for request in asked.mounts {
            let source: MountSpec.Source
            if request.isTmpfs {
                source = .tmpfs
            } else if let path = request.source, path.hasPrefix("/") || path.hasPrefix(".") {
                do { source = .bind(try File.resolve(path)) } catch {
                    throw EngineError("statfs \(path): \(error): make it first, or name a volume")
                }
            } else if let name = request.source {
                try Self.check(volume: name)
                source = .volume(name)
            } else {
                source = .anonymousVolume(RandomBytes.hexadecimal(32))
            }
            let mount = MountSpec(source: source, destination: request.destination, options: request.options)
            guard let place = mounts.firstIndex(where: { $0.destination == request.destination }) else {
                mounts.append(mount)
                continue
            }
            // The same twice is no contradiction; the options of the last count.
            guard mounts[place].source == source else {
                throw EngineError("\(request.destination): duplicate mount destination")
            }
            mounts[place] = mount
        }
        for destination in imageVolumes.sorted() where !mounts.contains(where: { $0.destination == destination }) {
            switch asked.imageVolumes {
            case .anonymous:
                mounts.append(
                    MountSpec(source: .anonymousVolume(RandomBytes.hexadecimal(32)), destination: destination))
            case .memory: mounts.append(MountSpec(source: .tmpfs, destination: destination))
            case .ignored: continue
            }
        }
    }

    private static func check(volume name: String) throws {
        guard let first = name.utf8.first, first.isNameStart,
            name.utf8.allSatisfy({ $0.isNameStart || [0x5f, 0x2e, 0x2d].contains($0) })
        else {
            throw EngineError(
                "volume name \"\(name)\" invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*; a path begins with / or ."
            )
        }
    }

    private mutating func resolve(_ request: CreateRequest, _ configuration: ContainersConfiguration) throws {
        if !request.resolver.isEmpty, network == .none || !network.dependencies.isEmpty {
            throw EngineError(
                "conflicting options: dns and the network mode: \(network == .none ? "none" : "container")")
        }
        if !request.addedHosts.isEmpty, !network.dependencies.isEmpty {
            throw EngineError(
                "invalid config provided: cannot set extra host entries when the container is joined to another "
                    + "containers network namespace: invalid configuration")
        }
        if request.noHosts, !request.addedHosts.isEmpty {
            throw EngineError("--no-hosts and --add-host cannot be set together")
        }
        noHosts = request.noHosts ? true : nil
        for server in request.resolver.servers
        where IPAddress(server) == nil && request.resolver.servers != [ResolverOptions.none] {
            throw EngineError("\(server) is not an ip address")
        }
        let wished = configuration.completing(request.resolver)
        resolver = wished.isEmpty ? nil : wished
        // A wrong entry shall be known now, not at the start; what host-gateway stands for is known only then.
        for text in request.addedHosts { _ = try HostsFile.parseAdded(text, hostAddress: .v4(.init(rawValue: 0))) }
        addedHosts = request.addedHosts.isEmpty ? nil : request.addedHosts
    }

    private mutating func publish(_ request: CreateRequest, _ engine: Engine) throws {
        var texts = request.publish
        if request.publishAll {
            let given = try PublishedPort.parse(all: texts)
            for port in exposedPorts {
                let number = UInt16(port.prefix { $0.isNumber }) ?? 0
                let covered = given.contains { mapping in
                    number >= mapping.containerPort && number - mapping.containerPort < mapping.range
                        && port.hasSuffix("/\(mapping.protocol.rawValue)")
                }
                if !covered { texts.append(port) }
            }
        }
        ports = try PublishedPort.parse(all: texts)
        guard !ports.isEmpty else { return }
        switch network {
        case .bridge: return
        case .host, .none, .container, .namespace:
            ports = []
            engine.warn(
                "Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use"
            )
        }
    }
}

extension UInt8 {
    /// Whether a name of a container, volume or network may begin with this byte.
    var isNameStart: Bool { (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) }
}
