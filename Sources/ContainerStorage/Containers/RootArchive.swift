public import LinuxSys
public import OCISpec

extension Storage {
    /// Writes a mounted root file system as a tar archive: its own files, and nothing of what is mounted below.
    ///
    /// - Throws: `StorageError` naming what cannot be read; `ArchiveError`.
    public func archive(root path: String, to file: consuming OwnedFD) throws {
        let root: BeneathDirectory
        do throws(Errno) { root = try BeneathDirectory(opening: path) } catch {
            throw StorageError.system(error, "open \(path)")
        }
        try LayerPacker(root, to: file, isLayer: false).run()
    }

    /// Writes the root file system of a container that has none mounted. It is mounted where nobody else sees it, read-only,
    /// and goes with the thread: a killed process leaves nothing.
    ///
    /// - Throws: as above.
    public func archive(container id: String, layers diffIDs: [Digest], to file: consuming OwnedFD) throws {
        var overlay = try overlay(container: id, layers: diffIDs)
        if let upper = overlay.upper { overlay.lower.insert(upper.path, at: 0) }
        // overlayfs wants two directories at least where there is none for changes.
        if overlay.lower.count == 1 { overlay.lower.append(containerPath(id) + "/work") }
        overlay.upper = nil
        let mount = overlay
        let raw = file.release()
        try PrivateMounts.run {
            let file = OwnedFD(adopting: raw)
            try mount.mount()
            try self.archive(root: mount.target, to: file)
        }
    }
}
