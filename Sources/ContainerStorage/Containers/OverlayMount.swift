public import LinuxSys
public import OCISpec

/// A container's root file system: the image's layers, and on top of them its own directory.
public struct OverlayMount: Hashable, Sendable {
    /// The layers' directories, top first.
    public var lower: [String]
    /// Where what the container changes goes; nil for an overlay that cannot be changed.
    public var upper: UpperDirectory?
    /// Where the root appears.
    public var target: String

    /// An overlay of these directories.
    public init(lower: [String], upper: UpperDirectory?, target: String) {
        self.lower = lower
        self.upper = upper
        self.target = target
    }

    /// Mounts it. Device files in the image do not work (`nodev`), as in Podman's overlay storage; a container
    /// has its devices on a mount of its own.
    ///
    /// Equivalent to: `mount -t overlay overlay -o nodev,lowerdir=…,upperdir=…,workdir=… TARGET`. The mount API
    /// of Linux 6.7 is used where it is there, because it takes any number of layers.
    ///
    /// - Throws: `MountError`.
    public func mount(noDevices: Bool = true) throws(MountError) {
        do throws(MountError) {
            try OverlayCalls.mount(lower: lower, upper: upper, target: target, noDevices: noDevices)
        } catch  where error.code == .invalidArgument || error.code == .noFunction {
            // EINVAL is also this kernel's own verdict on the layers: then the second answer is the same.
            try mountClassic(noDevices: noDevices)
        }
    }

    /// Mounts it with mount(2), which every kernel has; for about 200 layers.
    func mountClassic(noDevices: Bool) throws(MountError) {
        try OverlayCalls.mountClassic(lower: lower, upper: upper, target: target, noDevices: noDevices)
    }

    /// Unmounts it; what is not mounted is success, what is busy is detached.
    public func unmount() throws(MountError) {
        try OverlayCalls.unmount(target)
    }
}

extension Storage {
    /// The directories of a container's root file system, made if they are missing: `containers/ID/diff`,
    /// `work` and `merged`.
    ///
    /// The upper directory is 0555 and root's, as in Podman: overlayfs shows it as the container's "/". `diffIDs`
    /// are the image's layers, lowest first.
    ///
    /// - Throws: `StorageError` with `Code.notFound` naming a layer that is not here.
    public func overlay(container id: String, layers diffIDs: [Digest]) throws(StorageError) -> OverlayMount {
        try VolumeStore.check(name: id)
        let lower = try lowerDirectories(diffIDs)
        try doing("make directory of container \(id)") { () throws(Errno) in
            try ignoring(.fileExists) { () throws(Errno) in try containers.makeDirectory([UInt8](id)) }
            let container = try containers.directory([UInt8](id), links: .refused)
            for name in ["work", "merged", "diff"] {
                try ignoring(.fileExists) { () throws(Errno) in
                    try container.makeDirectory([UInt8](name))
                    if name == "diff" {
                        try container.directory([UInt8](name), links: .refused).descriptor
                            .setPermissions(LayerStore.rootPermissions)
                    }
                }
            }
            // An image without layers: overlayfs wants at least one.
            if lower.isEmpty {
                try ignoring(.fileExists) { () throws(Errno) in try container.makeDirectory([UInt8]("empty")) }
            }
        }
        let directory = containerPath(id)
        return OverlayMount(
            lower: lower.isEmpty ? [directory + "/empty"] : lower,
            upper: UpperDirectory(path: directory + "/diff", work: directory + "/work"), target: directory + "/merged")
    }

    /// An image's root file system, to be looked at: `merged` in a directory that holds nothing else.
    ///
    /// - Throws: `StorageError` as above.
    public func overlay(image diffIDs: [Digest], in directory: String) throws(StorageError) -> OverlayMount {
        // overlayfs wants two directories where there is none for changes; an empty one at the bottom does no harm.
        let empty = directory + "/empty"
        for name in [empty, directory + "/merged"] {
            try doing("make \(name)") { () throws(Errno) in try File.makeDirectories(name) }
        }
        return OverlayMount(
            lower: try lowerDirectories(diffIDs) + [empty], upper: nil, target: directory + "/merged")
    }

    private func lowerDirectories(_ diffIDs: [Digest]) throws(StorageError) -> [String] {
        var lower: [String] = []
        for diffID in diffIDs.reversed() {
            guard let information = try layers.information(diffID) else {
                throw StorageError(
                    code: .notFound, message: "layer \(diffID) is not in the storage; load the image again", errno: nil)
            }
            lower.append(layers.contentPath(diffID))
            // overlayfs does not look for an opaque mark on a layer's root.
            if information.isOpaque { break }
        }
        return lower
    }

    /// A container's own directory.
    public func containerPath(_ id: String) -> String { "\(path)/containers/\(id)" }
}
