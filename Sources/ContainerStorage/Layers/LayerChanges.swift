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

/// A root file system: the layers of an image, the lowest first, and what a container has on top of them.
public struct LayerStack: Hashable, Sendable {
    var layers: [Digest]
    var container: String?

    /// An image's, or, with a container's id, that container's.
    public init(_ layers: [Digest], container: String? = nil) {
        self.layers = layers
        self.container = container
    }
}

extension Storage {
    /// What is different in one root file system from another one, in the order of the names.
    ///
    /// - Throws: `StorageError` naming what cannot be read.
    public func changes(in new: LayerStack, since old: LayerStack) throws(StorageError) -> [LayerChange] {
        for container in [new.container, old.container].compactMap({ $0 }) { try VolumeStore.check(name: container) }
        return try doing("compare two file systems") { () throws(Errno) in
            var comparison = TreeComparison()
            try comparison.compare(MergedDirectory(directories(new)), MergedDirectory(directories(old)))
            return comparison.changes.sorted { $0.path < $1.path }
        }
    }

    /// The directories of a root file system, the uppermost first.
    private func directories(_ stack: LayerStack) throws(Errno) -> [BeneathDirectory] {
        var found: [BeneathDirectory] = []
        // A container that was never started has no directory of its own.
        if let container = stack.container, File.exists(containerPath(container) + "/diff") {
            found.append(try BeneathDirectory(opening: containerPath(container) + "/diff"))
        }
        for diffID in stack.layers.reversed() {
            found.append(try BeneathDirectory(opening: layers.contentPath(diffID)))
        }
        return found
    }
}
