internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

extension Engine {
    /// Sends a signal, a name with or without `SIG` or a number, to the container's first process.
    ///
    /// - Throws: `EngineError` when the container does not run, or there is no such signal.
    public func kill(_ reference: String, signal: String) throws {
        guard let signal = Signal(signal) else { throw EngineError("invalid signal: \(signal)") }
        let record = try store.container(reference)
        if [.kill, .terminate, .interrupt, .quit, Signal(rawValue: record.spec.stopSignal)].contains(signal) {
            try halt(record)
        }
        guard record.isRunning, try signal == .kill ? killAtOnce(record) : record.run?.initProcess?.kill(signal) == true
        else {
            throw EngineError(
                "can only kill running containers. \(record.id) is in state \(refreshed(record).state.rawValue): "
                    + "container state improper")
        }
    }

    /// Ends a container: its stop signal first, SIGKILL after the timeout in seconds, its own if nil. One that does
    /// not run is left as it is.
    public func stop(_ reference: String, timeout: Int64?) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        guard let record = try store.container(id: id) else { return }
        guard refreshed(record).state != .paused else { throw EngineError.refusesCleanUp(id) }
        try end(record, timeout: timeout)
    }

    /// Ends the process and takes down what it had. The caller holds the lock.
    func end(_ record: ContainerRecord, timeout: Int64?) throws {
        guard record.run != nil else { return }
        if record.isInitialized { return try takeDown(record.spec, killing: true) }
        if let process = record.run?.initProcess, record.isRunning {
            let seconds = max(0, timeout ?? record.spec.stopTimeout)
            let signal = Signal(rawValue: record.spec.stopSignal)
            try halt(record)
            let asked = seconds > 0 ? try process.kill(signal) : true
            if try asked && (seconds == 0 || !process.wait(.seconds(seconds))) {
                if seconds > 0 {
                    warn(
                        "StopSignal \(signal) failed to stop container \(record.spec.name) in \(seconds) seconds, "
                            + "resorting to SIGKILL")
                }
                try killAtOnce(record)
                _ = try process.wait(.seconds(10))
            }
        }
        try settle(record.id)
    }

    /// Waits until a container does not run.
    ///
    /// - Returns: what its process exited with.
    public func wait(_ reference: String) throws -> Int32 {
        let record = try store.container(reference)
        if let process = record.run?.initProcess, record.isRunning { _ = try process.wait(nil) }
        return try finish(record.id)
    }

    /// What conmon calls when the process has ended: takes down what it had, and removes a container with `--rm`.
    ///
    /// - Throws: `EngineError` when the process still runs.
    public func cleanUp(_ reference: String) throws {
        let record = try store.container(reference)
        // With a restart policy it may run again by the time that its end is cleaned up.
        _ = try finish(record.id, refusingRunning: record.spec.settings?.restart == nil || record.isRunning)
    }

    /// Puts a container that has ended in order, whoever comes first, and says its exit code.
    func finish(_ id: String, refusingRunning: Bool = false) throws -> Int32 {
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        if let record = try store.container(id: id) {
            if record.isRunning {
                // Its policy has begun another run already.
                if record.spec.settings?.restart != nil, let code = try lastExitCode(id), !refusingRunning {
                    return code
                }
                if try isKilled(record) {
                    unlock(lock, id)
                    return try finish(id, refusingRunning: refusingRunning)
                }
                throw EngineError("failed to clean up container \(id): \(EngineError.refusesCleanUp(id))")
            }
            if let code = record.exitCode { return code }
            if record.run == nil { return 0 }
        }
        guard let code = try lastExitCode(id) else {
            throw EngineError("no container with name or ID \"\(id)\" found: no such container", kind: .noSuchContainer)
        }
        return code
    }

    /// Waits for the end of what conmon kills at its `--timeout`: it says that the container has ended when it has sent
    /// the signal, and the kernel takes a moment.
    private func isKilled(_ record: ContainerRecord) throws -> Bool {
        guard record.spec.settings?.secondsToRun != nil, let process = record.run?.initProcess else { return false }
        return try ExitFile.read(paths.exits, id: record.id) != nil && process.wait(.seconds(10))
    }

    private func lastExitCode(_ id: String) throws -> Int32? {
        try store.database.query("SELECT code FROM run.exit_codes WHERE container = ?1", [.text(id)]).first.map {
            Int32(truncatingIfNeeded: $0.integer(0))
        }
    }

    /// Brings state and world together for one container: takes down a run whose process has ended or that was never
    /// finished, and removes what was to be removed. A container that runs is left alone. The caller holds the lock.
    func settle(_ id: String) throws {
        guard let record = try store.container(id: id) else { return }
        guard let run = record.run else {
            try settleWithoutRun(record)
            return
        }
        switch run.state {
        case .starting:
            if try adopt(record) { return }
            try takeDown(record.spec, killing: true)
            if record.state == .creating || record.state == .removing { try discard(id) }
        case .initialized:
            let waits = try run.initProcess?.isAlive() == true
            if waits && (record.state == .created || record.state == .exited) { return }
            try takeDown(record.spec, killing: true)
            if record.state == .creating || record.state == .removing { try discard(id) }
        case .running:
            if let process = run.initProcess, try process.isAlive() {
                if record.state == .removing {
                    // Its removal was announced by a command that was killed before it could end the process.
                    try killAtOnce(record)
                    _ = try process.wait(.seconds(10))
                    return try conclude(record)
                }
                // Killed after the process started and before that was committed: it runs, so it counts.
                if [.creating, .created, .exited].contains(record.state) { try store.setStarted(id, at: Clock.now) }
                return try converge(record)
            }
            try conclude(record)
        case .stopping:
            try conclude(record)
        }
    }

    /// Takes over a container whose process was started by a command that was killed before it could commit that.
    private func adopt(_ record: ContainerRecord) throws -> Bool {
        let runtime = try Launcher(self).runtime(record.spec.runtime)
        guard let state = try runtime.state(record.id), state.status == .running, let pid = state.pid else {
            return false
        }
        let monitor = try ContainerRemains.monitors(of: record.id).first?.process
        try store.setRun(
            record.id, .running, owned: false, initProcess: try ProcessIdentity(pid: pid), monitor: monitor)
        try store.setStarted(record.id, at: Clock.now)
        return true
    }

    private func settleWithoutRun(_ record: ContainerRecord) throws {
        switch record.state {
        case .creating, .removing: try discard(record.id)
        case .running where record.spec.autoRemove: try discard(record.id)
        case .running:
            // The run's rows went, the last commit did not come: nobody knows the code any more.
            try store.setExited(record.id, code: record.exitCode ?? 255, at: Clock.now)
        case .created, .initialized, .paused, .exited: return
        }
    }

    /// Records the exit code, takes the run down, and removes the container if it was to go with its end.
    private func conclude(_ record: ContainerRecord) throws {
        let id = record.id
        let halted = try isHalted(id)
        try store.setRun(id, .stopping, owned: true)
        let code = try timing.measure("read exit code") { try exitCode(record) }
        try store.database.query(
            "INSERT INTO run.exit_codes VALUES (?1, ?2, ?3) ON CONFLICT (container) DO UPDATE SET code = ?2, at = ?3",
            [.text(id), .integer(Int64(code)), .integer(Clock.now)])
        let removes = record.spec.autoRemove || record.state == .removing
        // With --rm the row itself goes: until then the run's row says what is left to do.
        var isRecorded = true
        if !removes {
            do { try store.setExited(id, code: code, at: Clock.now) } catch let error as DatabaseError
                where error.isFull
            {
                warn("\(paths.root) is full: the end of container \(record.spec.name) is recorded when there is room")
                isRecorded = false
            }
        }
        try dismiss(record.run?.monitor)
        try takeDown(record.spec, killing: false, forgetting: isRecorded)
        if !isRecorded { try store.setRun(id, .stopping, owned: false) }
        if removes {
            try discard(id)
            return record.spec.settings?.removesImage == true ? removeUnusedImage(of: record.spec) : ()
        }
        if isRecorded { try obeyRestartPolicy(record, code: code, halted: halted) }
    }

    /// `--rmi`: what keeps the image is no failure of the container's.
    private func removeUnusedImage(of spec: ContainerSpec) {
        do { _ = try removeImage(spec.imageName, force: false) } catch let error as EngineError
            where [.inUse, .noSuchImage].contains(error.kind)
        {} catch { warn("image \(spec.imageName) of --rmi stays: \(error)") }
    }

    /// Ends conmon once the exit code is recorded: all that is left for it is to run the clean-up that is being done.
    private func dismiss(_ monitor: ProcessIdentity?) throws {
        // conmon becomes the clean-up command, so that this process may be the one.
        guard let monitor, try monitor != ProcessIdentity.current() else { return }
        try monitor.kill(.kill)
    }

    /// The code that conmon wrote; 255 if conmon itself was killed before it could.
    private func exitCode(_ record: ContainerRecord) throws -> Int32 {
        if let code = try store.noticedExitCode(record.id, since: record.started) { return code }
        guard let monitor = record.run?.monitor else { return try ExitFile.read(paths.exits, id: record.id) ?? 255 }
        switch try ExitFile.wait(paths.exits, id: record.id, monitor: monitor, timeout: .seconds(10)) {
        case .exited(let code): return code
        case .taken, .monitorGone, .timedOut: return try ExitFile.read(paths.exits, id: record.id) ?? 255
        }
    }

    /// Undoes a run: process, network, mount, and the rows last. It works from any point at which the run was left,
    /// and again and again; all steps are tried. `killing` says whether processes may be left; after a normal end there
    /// are none. Without `forgetting` the rows stay, for the next command to try again.
    func takeDown(_ spec: ContainerSpec, killing: Bool, forgetting: Bool = true) throws {
        var errors: [any Error] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { errors.append(error) }
        }
        let namespace = try store.container(id: spec.id)?.run?.namespacePath
        let launcher = try Launcher(self)
        let deletion = try ThreadBound {
            try launcher.delete(spec, killing: killing)
            try launcher.unmount(container: spec.id)
        }
        attempt { try detach(spec.id, namespace: namespace) }
        attempt { try deletion.join() }
        attempt { try leaveSharedNames(spec) }
        if let first = errors.first { throw first }
        try File.remove("\(paths.exits)/\(spec.id)")
        try File.remove(paths.pidFile(spec.id))
        try File.removeTree(paths.execSessions(spec.id))
        if forgetting { try store.deleteRun(spec.id) }
    }

    // MARK: Removing

    /// Removes a container.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - force: end it first if it runs.
    ///   - timeout: seconds between its stop signal and SIGKILL; its own if nil.
    ///   - volumes: whether its anonymous volumes go, too.
    /// - Throws: `EngineError` of kind `.noSuchContainer`, or `.inUse` when it runs and `force` is false.
    public func remove(_ reference: String, force: Bool, timeout: Int64?, volumes: Bool) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        guard let record = try store.container(id: id) else { return }
        if try record.isRunning && record.run?.initProcess?.isAlive() == true {
            let state = refreshed(record).state
            guard force else {
                throw EngineError(
                    "cannot remove container \(id) as it is \(state.rawValue) - running or paused containers cannot be "
                        + "removed without force: container state improper", kind: .inUse)
            }
            try announceRemoval(id, unlessNeeded: true)
            // What stands still does not heed a signal: there is nothing to wait for.
            try end(record, timeout: state == .paused ? 0 : timeout)
        } else {
            try announceRemoval(id, unlessNeeded: true)
        }
        try settle(id)
        if volumes { try removeUnusedVolumes() }
    }

    /// Commits that a container is to go, so that the next command finishes what is begun. On a full disk there is no
    /// room for that; the removal makes some.
    ///
    /// - Throws: `EngineError` when `unlessNeeded` and another container cannot be without this one.
    private func announceRemoval(_ id: String, unlessNeeded: Bool = false) throws {
        do {
            try store.database.transaction {
                if unlessNeeded { try store.refuseDependents(of: id) }
                try store.setState(id, .removing, owned: true)
            }
        } catch let error as DatabaseError where error.isFull {}
    }

    /// Removes everything of a container that has no run: directory, row, and lock file. The caller holds the lock, or
    /// is the only one who knows the container.
    func discard(_ id: String) throws {
        guard let record = try store.container(id: id) else { return }
        if record.run != nil { try takeDown(record.spec, killing: true) }
        if try !store.dependents(of: id).isEmpty {
            // With --rm it would go now; as in Podman it stays as long as others are tied to it.
            return try store.setEnded(id)
        }
        switch record.state {
        case .creating, .removing: break
        // A container with --rm that has ended: without a run, this state alone says that it is to go.
        case .running where record.spec.autoRemove: break
        case .running, .paused, .initialized, .created, .exited: try announceRemoval(id)
        }
        try timing.measure("remove directory") { try removeFiles(of: id) }
        // Killed before the row is gone for good, the next command does all of this again; once it is, nobody would.
        try store.database.transaction {
            try store.deleteContainer(id)
            try File.remove("\(paths.locks)/\(id)")
        }
        if record.spec.mounts.contains(where: \.isAnonymous) { try removeUnusedVolumes() }
    }

    /// Removes a container's two directories; what is gone already is success.
    func removeFiles(of id: String) throws {
        try File.removeEntry(paths.bundle(id))
        try storage().removeContainer(id)
    }

    /// Removes anonymous volumes that no container has any more: first the directory, then the row that names it.
    private func removeUnusedVolumes() throws {
        let unused = try store.database.query(
            "SELECT name FROM volumes WHERE anonymous = 1 AND name NOT IN (SELECT volume FROM container_volumes)")
        for row in unused {
            do {
                try storage().volumes.remove(row.text(0))
            } catch let error as StorageError where error.code == .notFound {}
            try store.database.query("DELETE FROM volumes WHERE name = ?1", [row.text(0)].map { .text($0) })
        }
    }

    // MARK: Reconciling

    /// Puts right what commands that died left half done. Costs one query when there is nothing.
    func reconcile() throws {
        for id in try store.orphans() + store.unnoticedEnds() {
            // Whoever holds the lock is at work on this very container.
            guard let lock = try FileLock(ifFree: "\(paths.locks)/\(id)") else { continue }
            defer { unlock(lock, id) }
            do {
                try settle(id)
                try publishName(of: id)
                try store.disown(id)
            } catch {
                warn(
                    "container \(id.prefix(12)) was left half done by a command that was killed, and cannot be put right: \(error)"
                )
            }
        }
        if try store.hasAbandonedStoreChange(), let lock = try FileLock(ifFree: "\(paths.root)/images.lock") {
            try sweepStore()
            lock.release()
        }
    }

    /// The record as the world is now: a process that has ended makes an exited container, whether or not anybody has
    /// cleaned up yet.
    public func refreshed(_ record: ContainerRecord) -> ContainerRecord {
        if record.isInitialized {
            var initialized = record
            // As below.
            if (try? record.run?.initProcess?.isAlive()) != false { initialized.state = .initialized }
            return initialized
        }
        guard record.state == .running || record.state == .creating, let run = record.run else { return record }
        guard run.state != .starting, let process = run.initProcess else { return record }
        // If /proc cannot be read, the record is the best there is.
        guard (try? process.isAlive()) == false else {
            guard record.isRunning, ContainerCgroups.isFrozen(record.id) else { return record }
            var paused = record
            paused.state = .paused
            return paused
        }
        var refreshed = record
        refreshed.state = .exited
        refreshed.run = nil
        // As above.
        let noticed = try? store.noticedExitCode(record.id, since: record.started)
        refreshed.exitCode = noticed ?? (try? ExitFile.read(paths.exits, id: record.id)) ?? record.exitCode  // as above
        refreshed.finished = record.finished ?? Clock.now
        return refreshed
    }
}
