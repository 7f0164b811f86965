internal import ContainerNetwork
internal import ContainerRuntime
internal import LinuxSys

extension Engine {
    /// Makes a container and starts it in the background.
    ///
    /// - Returns: the id, once the process runs.
    /// - Throws: `EngineError`; nothing is left of the container then.
    public func run(_ request: CreateRequest) throws -> String {
        let spec = try runFailures { try insert(request) }
        try undoing(spec) {
            let lock = try lock(spec.id)
            defer { unlock(lock, spec.id) }
            try prepareFiles(spec)
            try writeIDFile(request.idFile, spec.id)
            try runFailures { try prepare(spec, passing: request.passedDescriptors) }
            try begin(spec)
        }
        return spec.id
    }

    /// Makes a container, starts it, and stays with it to its end, or until the person detaches.
    ///
    /// - Returns: the process's exit code; 0 after detaching.
    /// - Throws: `EngineError`; nothing is left of the container if its process was not started.
    public func runAttached(_ request: CreateRequest, _ plan: AttachPlan) throws -> Int32 {
        let spec = try runFailures { try insert(request) }
        return try attached(spec, plan, passing: request.passedDescriptors) {
            try prepareFiles(spec)
            try writeIDFile(request.idFile, spec.id)
        } undo: {
            try discard(spec.id)
        }
    }

    /// Starts a container that was created or has ended. One that runs is left as it is.
    ///
    /// - Returns: whether it was started.
    @discardableResult
    public func start(_ reference: String) throws -> Bool {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        guard let spec = try startable(id) else { return false }
        try resetRestarts(spec)
        try launch(spec)
        return true
    }

    /// Ends a container and starts it again; one that does not run is started. It keeps its lock in between, so that
    /// nobody else takes it for one that has ended.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - timeout: seconds between its stop signal and SIGKILL; its own if nil.
    /// - Throws: `EngineError` of kind `.noSuchContainer`, and whatever keeps it from starting.
    public func restart(_ reference: String, timeout: Int64?) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        guard let record = try store.container(id: id) else { return }
        guard refreshed(record).state != .paused else {
            throw EngineError("unable to restart a container in a paused or unknown state: container state improper")
        }
        try end(record, timeout: timeout)
        guard let spec = try startable(id) else { return }
        try launch(spec)
    }

    /// Sets a container up, up to where its process waits to be started, and leaves it so.
    ///
    /// - Throws: `EngineError` when there is no such container, or it is set up or runs already; everything is as before
    ///   when it cannot be set up.
    public func initialize(_ reference: String) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        let record = try store.container(id)
        guard record.run == nil else { throw EngineError.isInRuntime(id) }
        try undoing {
            try takeDown(record.spec, killing: true)
        } body: {
            try prepare(record.spec)
            try store.setRun(id, .initialized, owned: false)
        }
    }

    /// The caller holds the lock.
    func launch(_ spec: ContainerSpec) throws {
        try undoing {
            try takeDown(spec, killing: true)
        } body: {
            try prepareOrResume(spec)
            try begin(spec)
        }
    }

    /// Starts a container and stays with it to its end. One that runs already is attached to.
    public func startAttached(_ reference: String, _ plan: AttachPlan) throws -> Int32 {
        let id = try store.container(reference).id
        let runs: Bool
        do {
            let lock = try lock(id)
            defer { unlock(lock, id) }
            runs = try startable(id) == nil
        }
        if runs { return try attach(id, plan) }
        let spec = try store.container(id).spec
        return try attached(spec, plan) {
        } undo: {
            try takeDown(spec, killing: true)
        }
    }

    /// Ties a person to a container that runs, to its end or until they detach.
    ///
    /// - Returns: the process's exit code; 0 after detaching.
    /// - Throws: `EngineError` of kind `.inUse` when it does not run.
    public func attach(_ reference: String, _ plan: AttachPlan) throws -> Int32 {
        let record = refreshed(try store.container(reference))
        guard record.isRunning, let process = record.run?.initProcess else {
            throw EngineError("you can only attach to running containers", kind: .inUse)
        }
        let session = try AttachSession(paths.bundle(record.id))
        let outcome = try session.run(
            try plan.options(errorOutput: true),
            // The process may have ended meanwhile; then there is nobody to tell.
            forward: { signal in _ = try? process.kill(signal) })
        switch outcome {
        case .ended: return try finish(record.id)
        case .detached: return 0
        case .signalled(let signal): return 128 + signal.rawValue
        }
    }

    /// What the container is to be, when it does not run; nil when it does. The caller holds the lock.
    private func startable(_ id: String) throws -> ContainerSpec? {
        try settle(id)
        let record = refreshed(try store.container(id))
        guard record.state != .paused else {
            throw EngineError(
                "container \(id) must be in Created or Stopped state to be started: container state improper")
        }
        return record.isRunning ? nil : record.spec
    }

    /// Brings a container up with a person attached, and stays to the end. The lock is held until the process runs.
    private func attached(
        _ spec: ContainerSpec, _ plan: AttachPlan, passing descriptors: Int32 = 0, files: () throws -> Void,
        undo: () throws -> Void
    ) throws -> Int32 {
        let lock = try lock(spec.id)
        var hasBegun = false
        defer { unlock(lock, spec.id) }
        let outcome: AttachOutcome
        do {
            try files()
            try runFailures { try prepareOrResume(spec, passing: descriptors) }
            let session = try AttachSession(paths.bundle(spec.id))
            outcome = try session.run(
                try plan.options(errorOutput: true),
                whenReady: {
                    try begin(spec)
                    hasBegun = true
                    lock.release()
                }, forward: { signal in _ = try store.container(id: spec.id)?.run?.initProcess?.kill(signal) })
        } catch {
            guard !hasBegun else { throw error }
            undoing(undo)
            throw error
        }
        switch outcome {
        case .ended: return try timing.measure("clean up") { try finish(spec.id) }
        case .detached: return 0
        case .signalled(let signal): return 128 + signal.rawValue
        }
    }

    /// A network that cannot be set up is, for `run`, a container that cannot be executed: 126, as in Podman. What makes
    /// no sense, or names a network that there is not, is found before.
    private func runFailures<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as NetworkError where ![.invalid, .notFound, .ambiguous].contains(error.kind) {
            throw EngineError(error.message, exitCode: 126)
        }
    }

    /// Undoes after an error, and warns if that fails, too: the error itself is what counts.
    func undoing(_ undo: () throws -> Void) {
        do { try undo() } catch {
            warn("\(error): what is left goes with the next command")
        }
    }

    func undoing<Result>(_ undo: () throws -> Void, body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            undoing(undo)
            throw error
        }
    }

    /// Brings a container up to where its process waits to be started: ports, intents, namespace, then file system and
    /// process beside the network; the process gets so many of the caller's `descriptors` from 3 on. The caller holds the
    /// lock and undoes everything if this fails.
    private func prepare(_ requested: ContainerSpec, passing descriptors: Int32 = 0) throws {
        var spec = requested
        // As in Podman, those that it cannot be without start with it. They are older: locks are never taken in a circle.
        for dependency in spec.dependencies { try start(dependency) }
        let claim = try timing.measure("claim ports") {
            try checkPorts(spec.ports)
            return try claimPorts(spec.ports)
        }
        if claim.mappings != spec.ports {
            spec.ports = claim.mappings
            try store.updateSpec(spec)
        }
        let intent = try timing.measure("record run") { try recordRun(spec) }
        if let path = intent.namespace, intent.makesNamespace {
            try timing.measure("make namespace") { _ = try NetworkNamespace.create(at: path) }
        }
        let launch = ProcessLaunch(
            spec: spec, namespace: intent.namespace, networks: intent.networks,
            networkOwner: try networkOwner(of: spec), hostAddress: try hostAddress(intent.networks),
            networkDirectory: try networkDirectory(), passedDescriptors: descriptors,
            portDescriptors: claim.descriptors, joined: try joinedNamespaces(spec))
        // The process is created in the namespace while its links are made there; it starts when both are done.
        let launcher = try Launcher(self)
        let creation = try ThreadBound { try launcher.create(launch) }
        var failure: (any Error)?
        var leases: [WireLease] = []
        do {
            if let namespace = intent.namespace { leases = try attach(spec, to: intent.networks, namespace: namespace) }
        } catch { failure = error }
        let created: Monitor.Created
        do { created = try creation.join() } catch { throw failure ?? error }
        if let failure { throw failure }
        try ContainerNameFiles(paths.files(of: spec), spec).add(
            leases, besides: try intent.networks.map(\.definition).resolvers,
            areFirst: intent.networks.allSatisfy(\.addresses.isEmpty))
        try store.setRun(
            spec.id, .starting, owned: true, initProcess: created.process, monitor: created.monitor)
        _ = consume claim
    }

    /// Brings up what is not up yet. The caller holds the lock.
    private func prepareOrResume(_ spec: ContainerSpec, passing descriptors: Int32 = 0) throws {
        guard let record = try store.container(id: spec.id), record.isInitialized else {
            return try prepare(spec, passing: descriptors)
        }
        // From here on whoever finds it half started takes it down, or takes it over.
        try store.setRun(spec.id, .starting, owned: true)
        // Its networks may have been changed while it waited.
        try converge(record)
    }

    /// Has the runtime start the process, and commits that it runs.
    private func begin(_ spec: ContainerSpec) throws {
        let launcher = try Launcher(self)
        try timing.measure("start process") { try launcher.runtime(spec.runtime).start(spec.id) }
        try timing.measure("commit running") {
            try store.setRun(spec.id, .running, owned: false)
            try store.setStarted(spec.id, at: Clock.now)
        }
    }
}
