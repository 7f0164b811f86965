internal import LinuxSys

/// One directory as an overlay of layers shows it, read from the layers themselves, without a mount.
///
/// It is opened while it is read only: a deep tree of many layers would need more descriptors than a process has.
struct MergedDirectory {
    /// One name in it.
    struct Entry {
        var status: FileStatus
        /// Which layers have it, the uppermost first; more than one only for directories.
        fileprivate var parts: [Int]
    }

    /// The roots of all layers, the uppermost first.
    private let layers: [BeneathDirectory]
    private let path: [UInt8]
    /// The layers whose directories it is made of, the uppermost first.
    private let parts: [Int]

    /// The root of an overlay; the uppermost layer comes first.
    init(_ layers: [BeneathDirectory]) throws(Errno) {
        try self.init(layers, [], Array(layers.indices))
    }

    private init(_ layers: [BeneathDirectory], _ path: [UInt8], _ parts: [Int]) throws(Errno) {
        self.layers = layers
        self.path = path
        var seen: [Int] = []
        for part in parts {
            seen.append(part)
            if try Self.open(layers[part], path).isOpaque() { break }
        }
        self.parts = seen
    }

    private static func open(_ layer: BeneathDirectory, _ path: [UInt8]) throws(Errno) -> BeneathDirectory {
        path.isEmpty ? layer : try layer.directory(path, links: .refused)
    }

    /// Whether two are made of the very same directories, so that nothing in them can be different.
    func isSame(as other: MergedDirectory) throws(Errno) -> Bool {
        guard parts.count == other.parts.count else { return false }
        for (own, others) in zip(parts, other.parts) {
            let one = try Self.open(layers[own], path).descriptor.status()
            let two = try Self.open(other.layers[others], other.path).descriptor.status()
            guard one.device == two.device, one.inode == two.inode else { return false }
        }
        return true
    }

    /// What is in it.
    func entries() throws(Errno) -> [[UInt8]: Entry] {
        var found: [[UInt8]: Entry] = [:]
        // Names of which the layers further below are not seen.
        var closed: Set<[UInt8]> = []
        for part in parts {
            let directory = try Self.open(layers[part], path)
            for name in try directory.entries().map(\.name) where !closed.contains(name) {
                guard let status = try directory.status(name) else { continue }
                if status.type != .directory { closed.insert(name) }
                if status.isWhiteout { continue }
                if found[name] == nil {
                    found[name] = Entry(status: status, parts: [part])
                } else if status.type == .directory {
                    found[name]?.parts.append(part)
                }
            }
        }
        return found
    }

    /// A directory in it.
    func directory(_ name: [UInt8], _ entry: Entry) throws(Errno) -> MergedDirectory {
        try MergedDirectory(layers, path.isEmpty ? name : path + [UInt8(ascii: "/")] + name, entry.parts)
    }

    /// What only root can set on a file, and programs need: the capabilities of a program.
    func capabilities(_ name: [UInt8], _ entry: Entry) throws(Errno) -> [UInt8]? {
        guard let part = entry.parts.first else { return nil }
        let attributes = try Self.open(layers[part], path).node(name).extendedAttributes()
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
        if let old, try new.isSame(as: old) { return }
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
            do throws(Errno) {
                try compare(new.directory(name, entry), inner, path: full)
            } catch .noSuchFileOrDirectory {
                // A container that runs may remove what was just listed.
            }
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
