internal import LinuxSys
public import OCISpec

/// What a layer, or a container's own directory, changes in the layers below.
public struct LayerChange: Hashable, Sendable {
    /// How.
    public enum Kind: String, Sendable {
        /// A name that the layers below have not.
        case added = "A"
        /// A name that they have, too.
        case changed = "C"
        /// A name that they have, and that is gone here.
        case deleted = "D"
    }

    /// The name from the root, with a slash before it.
    public var path: String
    /// What happened to it.
    public var kind: Kind
}

extension Storage {
    /// What the changes of a container are, in the order of their names.
    ///
    /// - Throws: `StorageError` naming what cannot be read.
    public func changes(container id: String, layers diffIDs: [Digest]) throws(StorageError) -> [LayerChange] {
        try VolumeStore.check(name: id)
        return try changes(of: containerPath(id) + "/diff", over: diffIDs)
    }

    /// What the last of these layers changes in those before it.
    ///
    /// - Throws: `StorageError` naming what cannot be read.
    public func changes(layers diffIDs: [Digest]) throws(StorageError) -> [LayerChange] {
        guard let top = diffIDs.last else { return [] }
        return try changes(of: layers.contentPath(top), over: diffIDs.dropLast())
    }

    private func changes(of path: String, over diffIDs: [Digest]) throws(StorageError) -> [LayerChange] {
        try doing("compare \(path)") { () throws(Errno) in
            guard File.exists(path) else { return [] }
            var below: [BeneathDirectory] = []
            for diffID in diffIDs.reversed() { below.append(try BeneathDirectory(opening: layers.contentPath(diffID))) }
            let upper = try BeneathDirectory(opening: path)
            var found: [LayerChange] = []
            var waiting: [[UInt8]] = [[]]
            while let path = waiting.popLast() {
                let directory = path.isEmpty ? upper : try upper.directory(path, links: .refused)
                for entry in try directory.entries() {
                    let full = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                    guard let status = try directory.status(entry.name) else { continue }
                    let wasThere = try Self.isThere(full, in: below)
                    let kind: LayerChange.Kind = status.isWhiteout ? .deleted : wasThere ? .changed : .added
                    if kind == .deleted && !wasThere { continue }
                    found.append(LayerChange(path: "/" + String(decoding: full, as: UTF8.self), kind: kind))
                    if status.type == .directory { waiting.append(full) }
                }
            }
            return found.sorted { $0.path < $1.path }
        }
    }

    /// Whether the layers show a name together; the first is the uppermost.
    private static func isThere(_ path: [UInt8], in layers: [BeneathDirectory]) throws(Errno) -> Bool {
        var components = path.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard let last = components.popLast() else { return true }
        layers: for layer in layers {
            var directory = layer
            for component in components {
                guard let status = try directory.status(component) else { continue layers }
                guard status.type == .directory else { return false }
                let inner = try directory.directory(component, links: .refused)
                directory = inner
            }
            if let status = try directory.status(last) { return !status.isWhiteout }
            // An opaque directory hides what the layers below it have.
            let attributes = try directory.descriptor.extendedAttributes()
            if attributes.contains(where: { $0.name == [UInt8]("trusted.overlay.opaque") }) { return false }
        }
        return false
    }
}
