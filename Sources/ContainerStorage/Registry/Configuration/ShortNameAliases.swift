internal import LinuxSys
public import OCISpec

/// What people have chosen for short names: a file that Podman reads and writes, too
/// (containers-registries.conf(5), "short-name-aliases.conf").
public enum ShortNameAliases {
    static let path = "/var/cache/containers/short-name-aliases.conf"

    /// Remembers which image a short name means; tags and digests are no part of that.
    ///
    /// - Throws: `StorageError` when it cannot be written.
    public static func remember(_ text: String, as image: ImageReference) throws(StorageError) {
        try remember(text, as: image, in: path)
    }

    static func remember(_ text: String, as image: ImageReference, in path: String) throws(StorageError) {
        var aliases = try RegistriesFile(path: path)?.aliases ?? [:]
        aliases[RegistriesConfiguration.withoutTag(text)] = image.name
        // Names of images have no characters that TOML's strings would have to escape.
        let lines = aliases.sorted { $0.key < $1.key }.map { "  \"\($0.key)\" = \"\($0.value)\"\n" }
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try doing("write \(path)") { () throws(Errno) in
            try File.makeDirectories(directory, mode: 0o755)
            try File.replace(path, [UInt8](("[aliases]\n" + lines.joined()).utf8), mode: 0o644)
        }
    }
}
