internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

extension Engine {
    /// Writes a container's root file system as a tar archive, without what is mounted in it.
    ///
    /// - Parameters:
    ///   - reference: its name or id.
    ///   - path: the file, which is written anew; standard output if nil.
    /// - Throws: `EngineError` of kind `.noSuchContainer`, or when the file cannot be made; `StorageError`, `ArchiveError`.
    public func export(_ reference: String, to path: String?) throws {
        let id = try store.container(reference).id
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        let record = try store.container(id)
        let isNew = path.map { !File.exists($0) } ?? false
        let file: OwnedFD
        do throws(Errno) {
            file =
                if let path {
                    try OwnedFD.open(path, [.write, .create, .truncate], mode: 0o644)
                } else { try StandardStream.duplicate(1) }
        } catch {
            let name = path ?? "standard output"
            throw EngineError("creating file \"\(name)\": open \(name): \("\(error)".lowercased())")
        }
        do {
            if record.run != nil {
                // It may run, and end, as it likes: the open directory stays what it is.
                lock.release()
                try storage().archive(root: paths.rootfs(id), to: file)
            } else {
                // Nobody starts or removes it meanwhile.
                try storage().archive(container: id, layers: record.spec.layers.compactMap { Digest($0) }, to: file)
            }
        } catch {
            // The first error is the one to tell.
            if let path, isNew { try? File.remove(path) }
            throw error
        }
    }
}
