internal import LinuxSys

/// One directory as an overlay of layers shows it, read from the layers themselves, without a mount.
struct MergedDirectory {
    /// One name in it.
    struct Entry {
        var status: FileStatus
        /// Which of the parts have it, the uppermost first; more than one only for directories.
        fileprivate var parts: [Int]
    }

    /// The directories that it is made of, the uppermost first.
    private let parts: [BeneathDirectory]

    /// The root of an overlay; the uppermost layer comes first.
    init(_ layers: [BeneathDirectory]) throws(Errno) {
        var parts: [BeneathDirectory] = []
        for layer in layers {
            parts.append(layer)
            if try layer.isOpaque() { break }
        }
        self.parts = parts
    }

    /// Tells where it is kept: two that are the same here are the same.
    func identity() throws(Errno) -> [FileStatus] {
        var found: [FileStatus] = []
        for part in parts { found.append(try part.descriptor.status()) }
        return found
    }

    /// What is in it.
    func entries() throws(Errno) -> [[UInt8]: Entry] {
        var found: [[UInt8]: Entry] = [:]
        // Names of which the parts further below are not seen.
        var closed: Set<[UInt8]> = []
        for (index, part) in parts.enumerated() {
            for name in try part.entries().map(\.name) where !closed.contains(name) {
                guard let status = try part.status(name) else { continue }
                if status.type != .directory { closed.insert(name) }
                if status.isWhiteout { continue }
                if found[name] == nil {
                    found[name] = Entry(status: status, parts: [index])
                } else if status.type == .directory {
                    found[name]?.parts.append(index)
                }
            }
        }
        return found
    }

    /// A directory in it.
    func directory(_ name: [UInt8], _ entry: Entry) throws(Errno) -> MergedDirectory {
        var layers: [BeneathDirectory] = []
        for index in entry.parts { layers.append(try parts[index].directory(name, links: .refused)) }
        return try MergedDirectory(layers)
    }

    /// What only root can set on a file, and programs need: the capabilities of a program.
    func capabilities(_ name: [UInt8], _ entry: Entry) throws(Errno) -> [UInt8]? {
        guard let index = entry.parts.first else { return nil }
        let attributes = try parts[index].node(name).extendedAttributes()
        return attributes.first { $0.name == [UInt8]("security.capability") }?.value
    }
}

extension BeneathDirectory {
    /// Whether it hides what the layers below have under its name (kernel overlayfs.rst).
    func isOpaque() throws(Errno) -> Bool {
        try descriptor.extendedAttributes().contains { $0.name == [UInt8]("trusted.overlay.opaque") }
    }
}

/// Finds what is different between two overlays, by the rules of Podman (containers/storage, pkg/archive/changes.go).
struct TreeComparison {
    private(set) var changes: [LayerChange] = []

    /// Compares two directories of that path; all of the new one is new where there is no old one.
    mutating func compare(_ new: MergedDirectory, _ old: MergedDirectory?, path: [UInt8] = []) throws(Errno) {
        if let old, try new.identity() == old.identity() { return }
        let entries = try new.entries()
        let before = try old?.entries() ?? [:]
        for (name, entry) in entries {
            let full = path + [UInt8(ascii: "/")] + name
            let other = before[name]
            let count = changes.count
            if let other, let old {
                if try Self.differ(name, entry, new, other, old) { add(full, .changed) }
            } else {
                add(full, .added)
            }
            guard entry.status.type == .directory else { continue }
            var inner: MergedDirectory?
            if let other, other.status.type == .directory { inner = try old?.directory(name, other) }
            let known = changes.count
            try compare(new.directory(name, entry), inner, path: full)
            // A directory in which something has changed has changed.
            if changes.count > known, known == count { add(full, .changed) }
        }
        for name in before.keys where entries[name] == nil { add(path + [UInt8(ascii: "/")] + name, .deleted) }
    }

    private mutating func add(_ path: [UInt8], _ kind: LayerChange.Kind) {
        changes.append(LayerChange(path: String(decoding: path, as: UTF8.self), kind: kind))
    }

    private static func differ(
        _ name: [UInt8], _ entry: MergedDirectory.Entry, _ new: MergedDirectory, _ other: MergedDirectory.Entry,
        _ old: MergedDirectory
    ) throws(Errno) -> Bool {
        let (one, two) = (entry.status, other.status)
        if one.device == two.device && one.inode == two.inode { return false }
        guard one.type == two.type, one.permissions == two.permissions, one.owner == two.owner,
            one.group == two.group, one.represents == two.represents
        else { return true }
        // The size and the time of a directory say nothing of what is in it.
        guard one.type != .directory else { return false }
        guard one.size == two.size, one.modified.seconds == two.modified.seconds else { return true }
        let parts = [one.modified.nanoseconds, two.modified.nanoseconds]
        // An archive may have whole seconds only.
        if parts[0] != parts[1] && !parts.contains(0) { return true }
        return try new.capabilities(name, entry) != old.capabilities(name, other)
    }
}
