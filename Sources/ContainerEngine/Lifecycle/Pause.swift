internal import ContainerRuntime
internal import LinuxSys

extension Engine {
    /// Has all processes of a running container stand still, until `unpause`.
    ///
    /// - Throws: `EngineError` of kind `.noSuchContainer`, or when it does not run or is paused already.
    public func pause(_ reference: String) throws {
        try withPausable(reference) { record, runtime in
            switch record.state {
            case .paused: throw EngineError("\"\(record.id)\" is already paused: container state improper")
            case .running where record.isRunning: try runtime.pause(record.id)
            default:
                throw EngineError("\"\(record.state.rawValue)\" is not running, can't pause: container state improper")
            }
        }
    }

    /// Lets the processes of a paused container go on.
    ///
    /// - Throws: `EngineError` of kind `.noSuchContainer`, or when it is not paused.
    public func unpause(_ reference: String) throws {
        try withPausable(reference) { record, runtime in
            guard record.state == .paused else {
                throw EngineError("\"\(record.id)\" is not paused, can't unpause: container state improper")
            }
            try runtime.resume(record.id)
        }
    }

    private func withPausable(_ reference: String, _ body: (ContainerRecord, OCIRuntime) throws -> Void) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        let record = refreshed(try store.container(id))
        try body(record, try Launcher(self).runtime(record.spec.runtime))
    }

    /// Ends a container's first process, and all others with it, though they may stand still.
    ///
    /// - Returns: false when it has ended already.
    @discardableResult
    func killAtOnce(_ record: ContainerRecord) throws -> Bool {
        guard try record.run?.initProcess?.kill(.kill) == true else { return false }
        if ContainerCgroups.isFrozen(record.id) { try ContainerCgroups().thaw(record.id) }
        return true
    }
}
