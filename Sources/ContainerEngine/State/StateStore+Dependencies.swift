internal import LinuxSys

extension StateStore {
    /// Writes down which other containers one cannot be without. The caller is in a transaction, in which the
    /// container's row is.
    ///
    /// - Throws: `EngineError` of kind `.noSuchContainer` when one of them is gone, or about to be.
    func recordDependencies(_ spec: ContainerSpec) throws {
        for dependency in Set(spec.dependencies) {
            let row = try database.query("SELECT state FROM containers WHERE id = ?1", [.text(dependency)]).first
            guard let row, row.text(0) != ContainerState.removing.rawValue else {
                throw EngineError(
                    "no container with name or ID \"\(dependency)\" found: no such container", kind: .noSuchContainer)
            }
            try database.query(
                "INSERT INTO container_dependencies VALUES (?1, ?2)", [.text(spec.id), .text(dependency)])
        }
    }

    /// The containers that cannot be without this one, the last made first.
    func dependents(of id: String) throws -> [String] {
        try database.query(
            """
            SELECT d.container FROM container_dependencies d JOIN containers c ON c.id = d.container
            WHERE d.dependency = ?1 ORDER BY c.created DESC
            """, [.text(id)]
        ).map { $0.text(0) }
    }

    /// - Throws: `EngineError`, in Podman's words, when other containers cannot be without this one.
    func refuseDependents(of id: String) throws {
        let dependents = try dependents(of: id)
        guard !dependents.isEmpty else { return }
        throw EngineError(
            "container \(id) has dependent containers which must be removed before it: "
                + "\(dependents.joined(separator: ", ")): container already exists")
    }
}

extension ContainerSpec {
    /// The containers without which this one cannot run, by full id.
    public var dependencies: [String] { network.dependencies + (settings?.sharedNamespaces.map(\.container) ?? []) }
}
