internal import LinuxSys

extension Engine {
    /// Commits that a person ends this run, so that its end is not taken for one of its own.
    func halt(_ record: ContainerRecord) throws {
        guard record.spec.settings?.restart != nil else { return }
        try store.database.query("UPDATE run.runs SET halted = 1 WHERE container = ?1", [.text(record.id)])
    }

    /// Whether a person has ended the container's run.
    func isHalted(_ id: String) throws -> Bool {
        try store.database.query("SELECT halted FROM run.runs WHERE container = ?1", [.text(id)]).first?.integer(0) == 1
    }

    /// Forgets how often the container was started again: a person begins anew.
    func resetRestarts(_ spec: ContainerSpec) throws {
        guard spec.settings?.restart != nil else { return }
        try store.database.query("UPDATE containers SET restarts = 0 WHERE id = ?1 AND restarts > 0", [.text(spec.id)])
    }

    /// How often the container's restart policy has started it since a person did.
    public func restarts(_ id: String) throws -> Int64 {
        try store.database.query("SELECT restarts FROM containers WHERE id = ?1", [.text(id)]).first?.integer(0) ?? 0
    }

    /// Starts a container again whose process has ended by itself, if its policy says so. The caller holds the lock,
    /// and its run is taken down.
    func obeyRestartPolicy(_ record: ContainerRecord, code: Int32, halted: Bool) throws {
        guard let policy = record.spec.settings?.restart, !halted, record.state == .running else { return }
        guard policy.starts(after: code, restarts: try restarts(record.id)) else { return }
        try store.database.query("UPDATE containers SET restarts = restarts + 1 WHERE id = ?1", [.text(record.id)])
        do { try launch(record.spec) } catch {
            warn("container \(record.spec.name) cannot be started again, as its restart policy says: \(error)")
        }
    }
}
