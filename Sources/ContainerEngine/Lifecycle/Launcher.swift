internal import ContainerNetwork
internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys
internal import OCISpec
internal import WirePrimitives

/// What a container's process is created from, once everything is decided.
struct ProcessLaunch: Sendable {
    var spec: ContainerSpec
    /// The namespace's path; nil for the host's, or for one that the runtime makes.
    var namespace: String?
    var networks: [NetworkIntent]
    /// Whose network and names it has: itself, or the container that it shares them with.
    var networkOwner: ContainerSpec
    var addresses: [IPAddress] { networks.flatMap(\.addresses) }
    /// The address by which the container reaches the host.
    var hostAddress: IPAddress?
    /// Where definitions of networks are: the clean-up is called in an environment of its own.
    var networkDirectory: String
    /// How many of this process's descriptors, from 3 on, the container's process gets.
    var passedDescriptors: Int32 = 0
    /// Bound sockets of published ports, for conmon to hold.
    var portDescriptors: [Int32]
    /// Namespaces of other containers that it joins, by kind: `pid`, `uts` and `cgroup`.
    var joined: [String: String] = [:]
}

/// The part of a launch that needs neither the state database nor the network: file system, configuration and
/// processes. It runs on a thread beside the network's.
struct Launcher: Sendable {
    let paths: EnginePaths
    let storage: Storage
    let cleanupCommand: [String]
    let timing: Timing

    init(_ engine: Engine) throws {
        paths = engine.paths
        storage = try engine.storage()
        cleanupCommand = engine.cleanupCommand
        timing = engine.timing
    }

    func runtime(_ name: String?) throws -> OCIRuntime {
        try OCIRuntime.select(name, root: paths.runtimeState)
    }

    /// Mounts the root, writes the configuration and the container's own files, and has the runtime create the process.
    func create(_ launch: ProcessLaunch) throws -> Monitor.Created {
        let spec = launch.spec
        let files = paths.files(of: spec)
        let root = try timing.measure("mount root") { try mount(spec) }
        let blueprint = try timing.measure("write configuration") {
            try File.makeDirectories(files.bundle)
            try writeNames(launch)
            let described = try describe(launch, root)
            try write(described, seccomp: spec.settings?.security?.seccomp.map(SeccompPolicy.init) ?? .standard)
            return described
        }
        var request = Monitor.Request(
            id: spec.id, name: spec.name, bundle: files.bundle, pidFile: spec.settings?.pidFile ?? files.pid,
            monitorPidFile: spec.settings?.monitorPIDFile ?? files.monitorPID, exitDirectory: paths.exits,
            logPath: spec.settings?.keepsNoLog == true ? nil : files.log, runtimeLog: "\(files.bundle)/oci-log",
            temporaryDirectory: "\(paths.runRoot)/tmp")
        if let size = spec.settings?.logSizeMax { request.logSizeMax = size }
        request.secondsToRun = spec.settings?.secondsToRun
        request.terminal = blueprint.terminal
        request.openStandardInput = spec.openStandardInput
        request.exitCommand =
            cleanupCommand + ["--network-config-dir", launch.networkDirectory, "container", "cleanup", spec.id]
        request.passedDescriptors = launch.passedDescriptors
        request.heldDescriptors = launch.portDescriptors
        return try timing.measure("create process") {
            try Monitor(runtime: try runtime(spec.runtime)).create(request)
        }
    }

    private func mount(_ spec: ContainerSpec) throws -> ContainerFiles {
        var layers: [Digest] = []
        for layer in spec.layers {
            guard let digest = Digest(layer) else {
                throw EngineError("layer \(layer) of container \(spec.name) is no digest")
            }
            layers.append(digest)
        }
        let overlay = try storage.overlay(container: spec.id, layers: layers)
        try overlay.mount()
        return try ContainerFiles(root: overlay.target)
    }

    /// /etc/hosts, /etc/resolv.conf and /etc/hostname, which are mounted over the image's own.
    private func writeNames(_ launch: ProcessLaunch) throws {
        let spec = launch.spec
        let files = paths.files(of: spec)
        try File.write(files.hostname, "\(spec.hostname)\n", mode: 0o644)
        // Podman tells who it is to privileged containers alone.
        let text = spec.privileged ? Self.containerEnvironment(spec) : ""
        try File.write(files.containerEnvironment, text, mode: 0o644)
        guard launch.networkOwner.id == spec.id else {
            let lock = try FileLock(paths.networkLock)
            defer { lock.release() }
            return try SharedHostsFile(paths.files(of: launch.networkOwner).hosts).add(spec)
        }
        var hosts = HostsFile()
        // A host without the file has no names for its containers.
        hosts.base = (try? File.readText("/etc/hosts", limit: 1 << 20)) ?? ""
        hosts.added = try (spec.addedHosts ?? []).map {
            try HostsFile.parseAdded($0, hostAddress: launch.hostAddress)
        }
        hosts.hostAddress = launch.hostAddress
        hosts.addresses = spec.network == .none ? SharedHostsFile.addresses : launch.addresses
        hosts.ownNames = [spec.hostname, spec.name]
        try File.write(files.hosts, hosts.text, mode: 0o644)
        try File.write(files.resolvConf, try resolvConf(launch).text, mode: 0o644)
    }

    private static func containerEnvironment(_ spec: ContainerSpec) -> String {
        """
        engine="swiftlet-\(Engine.version)"
        name="\(spec.name)"
        id="\(spec.id)"
        image="\(spec.imageName)"
        imageid="\(spec.imageID)"
        rootless=0

        """
    }

    private func resolvConf(_ launch: ProcessLaunch) throws -> ResolvConf {
        var request = ResolvConf.Request()
        request.hasIPv6 = launch.addresses.contains { $0.family == .ipv6 }
        request.sharesHostNetwork = launch.spec.network == .host
        if let own = launch.spec.resolver {
            (request.servers, request.search, request.options) = (own.servers, own.search, own.options)
        }
        request.networkServers = try launch.networks.map(\.definition).resolvers
        request.networkDomains = request.networkServers.isEmpty ? [] : ["dns.podman"]
        return ResolvConf.container(host: .host(), request)
    }

    // MARK: Configuration

    private func describe(_ launch: ProcessLaunch, _ root: ContainerFiles) throws -> ContainerBlueprint {
        let spec = launch.spec
        let files = paths.files(of: spec)
        let user = try user(spec.user, in: root)
        let isMount = spec.mounts.contains { spec.workingDirectory.hasPrefix($0.destination) }
        if spec.namesWorkingDirectory && !isMount, try !root.isDirectory(spec.workingDirectory) {
            throw EngineError(
                "workdir \"\(spec.workingDirectory)\" does not exist on container \(spec.id): make it in the image, or mount "
                    + "something there", exitCode: 126)
        }
        // Podman makes the image's working directory, by the kernel's look-up inside the root (openat2(2)).
        try root.makeDirectories(spec.workingDirectory, owner: user.uid, group: user.gid)
        var blueprint = basis(spec, network: network(launch))
        blueprint.user = RuntimeUser(uid: user.uid, gid: user.gid, additionalGids: user.additionalGroups)
        blueprint.home = user.home
        // One that shares another's network shares its names.
        let owner = launch.networkOwner
        let names = paths.files(of: owner)
        blueprint.hostFiles = .init(
            hosts: owner.keepsImageHosts || spec.keepsImageHosts ? nil : names.hosts,
            resolvConf: owner.keepsImageResolvConf ? nil : names.resolvConf, hostname: files.hostname,
            containerEnvironment: files.containerEnvironment)
        blueprint.mounts = try spec.mounts.map { try mount($0, root, user) }
        try complete(&blueprint, launch, root)
        try root.makeMountTableLink()
        if spec.settings?.addsNoAccount != true {
            let lines = try ContainerUser.missingLines(
                spec.user, home: spec.workingDirectory, template: spec.settings?.accountLine, in: root)
            if let line = lines.passwd { try root.append(line: line, to: "/etc/passwd") }
            if let line = lines.group { try root.append(line: line, to: "/etc/group") }
        }
        return blueprint
    }

    /// Whom the process runs as, looked up in the container's own files.
    ///
    /// - Throws: `EngineError` with 126, as Podman, when there is no such user.
    private func user(_ name: String, in root: ContainerFiles) throws -> ContainerUser {
        do throws(StorageError) {
            var user = try ContainerUser.resolve(name, in: root)
            // As at a login, the first group is among the others, too: else a file that denies it could be read by
            // leaving it (CVE-2022-2989). Podman does so where a user is named.
            if !name.isEmpty && !user.additionalGroups.contains(user.gid) {
                user.additionalGroups.insert(user.gid, at: 0)
            }
            return user
        } catch {
            throw EngineError(error.description, exitCode: error.code == .system ? 125 : 126)
        }
    }

    /// What does not depend on the mounted root.
    func basis(_ spec: ContainerSpec, network: ContainerBlueprint.Network) -> ContainerBlueprint {
        var blueprint = ContainerBlueprint(
            id: spec.id, rootfs: paths.rootfs(spec.id), args: spec.arguments, network: network)
        blueprint.env = spec.environment
        blueprint.cwd = spec.workingDirectory
        blueprint.hostname = spec.hostname
        blueprint.terminal = spec.terminal
        blueprint.readOnlyRoot = spec.readOnly
        blueprint.privileged = spec.privileged
        blueprint.capabilitiesToAdd = spec.capabilitiesToAdd
        blueprint.capabilitiesToDrop = spec.capabilitiesToDrop
        blueprint.stopSignal = spec.stopSignal
        spec.settings?.apply(to: &blueprint)
        blueprint.defaultCapabilities = spec.defaultCapabilities
        if let limit = spec.pidsLimit { blueprint.pidsLimit = limit }
        blueprint.limits = (spec.ulimits ?? []).compactMap { RuntimeLimit(ulimit: $0) }
        return blueprint
    }

    private func network(_ launch: ProcessLaunch) -> ContainerBlueprint.Network {
        if let namespace = launch.namespace { return .namespace(namespace) }
        return launch.spec.network == .host ? .host : .loopbackOnly
    }

    private func mount(_ mount: MountSpec, _ root: ContainerFiles, _ user: ContainerUser) throws -> ContainerMount {
        let changesOwner = mount.options.contains("U")
        switch mount.source {
        case .bind(let path):
            if changesOwner { try TreeOwner.change(path, owner: user.uid, group: user.gid) }
            return ContainerMount(
                .bind(path, try MountRestrictions(of: path)), at: mount.destination, options: mount.options)
        case .volume(let name), .anonymousVolume(let name):
            // A new volume starts with what the image has there, as in Podman and Docker.
            if !mount.options.contains("nocopy") {
                _ = try storage.volumes.copyUp(name, from: root, at: mount.destination)
            }
            if changesOwner {
                try TreeOwner.change(storage.volumes.contentPath(name), owner: user.uid, group: user.gid)
            }
            return ContainerMount(
                .volume(storage.volumes.contentPath(name)), at: mount.destination, options: mount.options)
        case .tmpfs: return ContainerMount(.tmpfs, at: mount.destination, options: mount.options)
        }
    }

    private func write(_ blueprint: ContainerBlueprint, seccomp: SeccompPolicy) throws {
        let host = try HostFacts(devices: blueprint.privileged)
        let configuration = try RuntimeConfiguration(of: blueprint, on: host)
        let filter = try seccomp.filter(
            capabilities: configuration.process.capabilities?.bounding ?? [], privileged: blueprint.privileged,
            cache: "\(paths.runRoot)/seccomp")
        try File.write("\(paths.bundle(blueprint.id))/config.json", configuration.encoded(seccomp: filter))
    }

    /// The process that `exec` starts in a running container.
    func process(_ request: ExecRequest, in spec: ContainerSpec) throws -> RuntimeProcess {
        let root = try ContainerFiles(root: paths.rootfs(spec.id))
        let own = try user(spec.user, in: root)
        var blueprint = basis(spec, network: .host)
        blueprint.user = RuntimeUser(uid: own.uid, gid: own.gid, additionalGids: own.additionalGroups)
        blueprint.user.umask = spec.settings?.umask
        if let settings = spec.settings {
            blueprint.user.additionalGids = try groups(settings, root, own.additionalGroups, spec.id)
        }
        blueprint.home = own.home
        var exec = ExecBlueprint(args: request.arguments)
        exec.env = request.environment
        exec.cwd = request.workingDirectory
        if let name = request.user {
            let user: ContainerUser
            do { user = try self.user(name, in: root) } catch var error as EngineError {
                if error.exitCode == 126 { error.exitCode = 255 }
                throw error
            }
            exec.user = RuntimeUser(uid: user.uid, gid: user.gid, additionalGids: user.additionalGroups)
            exec.user?.umask = spec.settings?.umask
            exec.home = user.home
        }
        exec.terminal = request.terminal
        exec.privileged = request.privileged
        return try RuntimeProcess(executing: exec, in: blueprint, on: try HostFacts(devices: false))
    }

    // MARK: Taking down

    /// Removes what the runtime keeps of a container and its control groups; `killing` says whether conmon and
    /// processes may be left, to be killed first.
    func delete(_ spec: ContainerSpec, killing: Bool) throws {
        let runtime = try runtime(spec.runtime)
        let cgroups = try ContainerCgroups()
        if killing {
            if let failure = ContainerRemains.clear(spec.id, runtime: runtime, cgroups: cgroups).first { throw failure }
            return
        }
        try timing.measure("forget process") {
            // Without a namespace of its own, the end of the first process is not the end of all.
            if spec.settings?.processes != nil { _ = try cgroups.kill(spec.id) }
            try runtime.forget(spec.id)
            try cgroups.remove(spec.id)
        }
    }

    /// Unmounts the root; one that is not mounted is success.
    func unmount(container id: String) throws {
        try OverlayMount(lower: [], upper: nil, target: paths.rootfs(id)).unmount()
    }
}

extension ResolvConf {
    /// The host's own file, or the one behind it where a resolver of the host itself stands in front.
    static func host() -> ResolvConf {
        func read(_ path: String) -> ResolvConf? {
            // No such file means no servers, as for the host itself.
            (try? File.readText(path, limit: 1 << 20)).map { ResolvConf(parsing: $0) }
        }
        let host = read("/etc/resolv.conf") ?? ResolvConf()
        return host.fileBehindStub.flatMap(read) ?? host
    }
}
