internal import LinuxSys

/// Where trees go to be deleted: moved here in one step, so that no half-deleted tree keeps its name.
final class Trash: Sendable {
    private let directory: BeneathDirectory

    init(_ directory: BeneathDirectory) {
        self.directory = directory
    }

    /// Moves a name here. One that is missing is success.
    func discard(_ name: [UInt8], from parent: BeneathDirectory, what: @autoclosure () -> String) throws(StorageError) {
        do throws(Errno) {
            try parent.move(name, to: directory, as: Self.freshName())
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw .system(error, "remove \(what())")
        }
    }

    /// Deletes all that is here, links not followed.
    ///
    /// A directory in a directory is moved up here first, so that neither the stack nor the number of open
    /// files grows with the depth. Others may be doing the same at the same time.
    ///
    /// - Throws: the first failure, after everything else was deleted.
    func empty() throws(StorageError) {
        var failed: [[UInt8]: StorageError] = [:]
        while true {
            let entries = try doing("read the trash") { () throws(Errno) in
                try directory.entries(limit: 1024 + failed.count)
            }
            let rest = entries.filter { failed[$0.name] == nil }
            if rest.isEmpty { break }
            for entry in rest {
                do throws(Errno) { try delete(entry) } catch {
                    failed[entry.name] = .system(error, "delete \(entry.name.printable) in the trash")
                }
            }
        }
        if let first = failed.values.first { throw first }
    }

    private func delete(_ entry: DirectoryEntry) throws(Errno) {
        if entry.type != .directory {
            do throws(Errno) {
                return try directory.unlink(entry.name)
            } catch .noSuchFileOrDirectory {
                return
            } catch .isDirectory {}
        }
        do throws(Errno) {
            try clear(try directory.directory(entry.name, links: .refused))
            try directory.removeDirectory(entry.name)
        } catch .noSuchFileOrDirectory {
            return
        }
    }

    /// Empties one directory: files are deleted, directories that are not empty are moved to the trash.
    private func clear(_ inner: BeneathDirectory) throws(Errno) {
        while true {
            let entries = try inner.entries(limit: 4096)
            if entries.isEmpty { return }
            for entry in entries {
                do throws(Errno) {
                    if entry.type != .directory {
                        do throws(Errno) {
                            try inner.unlink(entry.name)
                            continue
                        } catch .isDirectory {}
                    }
                    do throws(Errno) {
                        try inner.removeDirectory(entry.name)
                    } catch .directoryNotEmpty {
                        try inner.move(entry.name, to: directory, as: Self.freshName())
                    }
                } catch .noSuchFileOrDirectory {
                    continue
                }
            }
        }
    }

    private static func freshName() -> [UInt8] {
        [UInt8](
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36))
    }
}
