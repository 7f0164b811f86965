internal import LinuxSys

/// Volume option `U`: gives a directory, and all that is in it, to the user of the container.
public enum TreeOwner {
    /// Directories that Podman refuses to give away: the host would not survive it.
    private static let refused: Set<String> = [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home", "/lib", "/lib64",
        "/media", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/include",
        "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local", "/usr/sbin", "/usr/share", "/var", "/var/lib",
        "/var/log",
    ]

    /// Changes owner and group of everything below a path, and of the path itself. Links are not followed; what has
    /// the right owner is left as it is.
    ///
    /// - Parameters:
    ///   - path: absolute, of the host; a file or a directory.
    ///   - owner: the user id.
    ///   - group: the group id.
    /// - Throws: `StorageError`, with `Code.invalidInput` for a directory that the host itself lives by.
    public static func change(_ path: String, owner: UInt32, group: UInt32) throws(StorageError) {
        guard !refused.contains(path) else {
            throw .invalid(
                "chowning host path \"\(path)\" is not allowed. You can manually `chown -R \(owner):\(group) \(path)`")
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let (parent, name) = (String(path[..<slash]), [UInt8](path[slash...].dropFirst().utf8))
        try doing("give \(path) to \(owner):\(group)") { () throws(Errno) in
            let above = try BeneathDirectory(opening: parent.isEmpty ? "/" : parent)
            guard try give(name, in: above, owner, group) else { return }
            // The list takes the place of recursion.
            let top = try above.directory(name, links: .refused)
            var waiting: [[UInt8]] = [[]]
            while let path = waiting.popLast() {
                let directory = path.isEmpty ? top : try top.directory(path, links: .refused)
                for entry in try directory.entries() where try give(entry.name, in: directory, owner, group) {
                    waiting.append(path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name)
                }
            }
        }
    }

    /// Gives one name away, and says whether it is a directory.
    private static func give(
        _ name: [UInt8], in directory: BeneathDirectory, _ owner: UInt32, _ group: UInt32
    ) throws(Errno) -> Bool {
        let node = try directory.node(name)
        let status = try node.status()
        if (status.owner, status.group) != (owner, group) { try node.setOwner(owner, group: group) }
        return status.type == .directory
    }
}
