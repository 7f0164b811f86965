internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension Engine {
    /// Gives a container another name. One that runs is found by that, and by the old one no more, when this returns:
    /// by others on its networks, and in its own /etc/hosts.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - name: the new name.
    /// - Throws: `EngineError` of kind `.nameInUse`, or `.noSuchContainer`; `NetworkError` when the name server does not
    ///   answer: the next command tells it again then.
    public func rename(_ reference: String, to name: String) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        guard ContainerSpec.isName(name) else {
            throw EngineError("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")
        }
        try settle(id)
        try store.database.transaction {
            guard let record = try store.container(id: id) else { return }
            let holder = try store.database.query("SELECT id FROM containers WHERE name = ?1", [.text(name)]).first
            guard holder.map({ $0.text(0) == id }) ?? true else {
                throw EngineError(
                    "renaming container \(id): name \(name) already in use, cannot rename container \(id): container "
                        + "already exists", kind: .nameInUse)
            }
            var spec = record.spec
            spec.name = name
            try store.updateSpec(spec)
            try store.database.query("UPDATE containers SET name = ?2 WHERE id = ?1", [.text(id), .text(name)])
            // Whoever finds the row without its owner tells the names to those who answer them. It is the row beside the
            // name: a commit of two databases can be cut in two.
            if record.run != nil { try store.setState(id, record.state, owned: true) }
        }
        try publishName(of: id)
        try store.disown(id)
    }

    /// Makes what is answered for a container's name what its description says; nothing when it does not run. The caller
    /// holds the lock.
    func publishName(of id: String) throws {
        guard let record = try store.container(id: id), record.isRunning || record.isInitialized else { return }
        let spec = record.spec
        let own = try store.presentAttachments(container: id).map(\.record)
        for attachment in own {
            try store.renameAttachment(id, attachment.networkName, names: spec.names(on: attachment.networkName))
        }
        let owner = try networkOwner(of: spec)
        // On the host's network no line of the file is the container's own.
        if owner.network != .host {
            let lock = try networkLock()
            defer { lock.release() }
            let addresses = own.isEmpty ? SharedHostsFile.addresses : own.flatMap(\.addresses).map(\.address)
            try SharedHostsFile(paths.files(of: owner).hosts).rename(spec, at: addresses)
        }
        try publishNames(of: try own.compactMap { try store.attachedDefinition($0.networkName) })
    }
}
