internal import LinuxSys

/// Files inside a container's root file system, reached through its descriptor only. Whatever links the image
/// has, they are followed with its root as "/", by the kernel (openat2(2), `RESOLVE_IN_ROOT`).
public struct ContainerFiles: Sendable {
    let directory: BeneathDirectory

    /// Opens the mounted root.
    public init(root path: String) throws(StorageError) {
        directory = try doing("open container root \(path)") { () throws(Errno) in
            try BeneathDirectory(opening: path)
        }
    }

    /// Reads a small regular file; nil if there is none of that name.
    ///
    /// It never waits, and what is read is never a device, FIFO or socket (CVE-2024-9676).
    /// `limit` is in bytes, 1 MiB unless said otherwise.
    ///
    /// - Throws: `StorageError` when it is no regular file (`Code.invalidInput`) or larger than `limit`
    ///   (`Code.limit`).
    public func read(_ path: String, limit: Int = 1 << 20) throws(StorageError) -> [UInt8]? {
        do throws(Errno) {
            // Looked at before it is opened: to open a device can have effects.
            let found = try directory.target([UInt8](path), links: .inside).status()
            guard found.type == .regular else { throw .invalidArgument }
            let file = try directory.file([UInt8](path), links: .inside)
            // A running container may have exchanged it in between.
            guard try file.status().type == .regular else { throw .invalidArgument }
            return try file.readAll(limit: limit)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        } catch .invalidArgument {
            throw .invalid("\(path) in the container is no regular file")
        } catch .fileTooLarge {
            throw .limit("\(path) in the container is larger than \(limit) bytes")
        } catch {
            throw .system(error, "read \(path) in the container")
        }
    }

    /// Whether a path of the container leads to a directory in it.
    ///
    /// - Throws: `StorageError` when the kernel cannot say.
    public func isDirectory(_ path: String) throws(StorageError) -> Bool {
        do throws(Errno) {
            return try directory.target([UInt8](path), links: .inside).status().type == .directory
        } catch .noSuchFileOrDirectory {
            return false
        } catch .notDirectory {
            return false
        } catch {
            throw .system(error, "look at \(path) in the container")
        }
    }

    /// Adds a line to a small text file; one that is not there, or no regular file, is left as it is.
    ///
    /// - Throws: `StorageError` when the kernel refuses, or the file is larger than 1 MiB.
    public func append(line: String, to path: String) throws(StorageError) {
        guard let text = try read(path) else { return }
        try doing("add a line to \(path) in the container") { () throws(Errno) in
            let file = try directory.fileToAppend([UInt8](path), links: .inside)
            guard try file.status().type == .regular else { return }
            let isWhole = text.isEmpty || text.last == UInt8(ascii: "\n")
            try file.write(all: "\(isWhole ? "" : "\n")\(line)\n")
        }
    }

    /// Makes /etc/mtab a link to /proc/mounts, as programs of old look for it, unless something of that name is there
    /// or there is no /etc.
    public func makeMountTableLink() throws(StorageError) {
        do throws(Errno) {
            let etc = try directory.directory([UInt8]("etc"), links: .inside)
            try etc.makeSymbolicLink([UInt8]("mtab"), to: [UInt8]("/proc/mounts"))
        } catch {
            if [.fileExists, .noSuchFileOrDirectory, .notDirectory].contains(error) { return }
            throw .system(error, "make /etc/mtab in the container")
        }
    }

    /// Makes a directory in the container and those above it, mode 0755; one that is there is left as it is.
    ///
    /// - Parameters:
    ///   - path: absolute, of the container; `.` and `..` are resolved in the text, as Go's `filepath.Clean` does.
    ///   - owner: of the directories that are made.
    ///   - group: of the directories that are made.
    /// - Throws: `StorageError` when one cannot be made, or the name is taken by a file or a link that leads nowhere.
    public func makeDirectories(_ path: String, owner: UInt32, group: UInt32) throws(StorageError) {
        var components: [[UInt8]] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            switch Array(part) {
            case [UInt8]("."): continue
            case [UInt8](".."): _ = components.popLast()
            case let component: components.append(component)
            }
        }
        try doing("make directory \(path) in the container") { () throws(Errno) in
            var current = directory
            var prefix: [UInt8] = []
            for component in components {
                prefix += (prefix.isEmpty ? [] : [UInt8(ascii: "/")]) + component
                do throws(Errno) {
                    current = try directory.directory(prefix, links: .inside)
                } catch .noSuchFileOrDirectory {
                    // A link that leads nowhere makes this fail with EEXIST; nothing is made behind links.
                    try current.makeDirectory(component)
                    current = try current.directory(component, links: .refused)
                    try current.descriptor.setOwner(owner, group: group)
                    try current.descriptor.setPermissions(0o755)
                }
            }
        }
    }
}
