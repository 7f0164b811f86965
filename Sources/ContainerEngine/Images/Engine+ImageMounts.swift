internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

/// An image that is mounted to be looked at.
public struct MountedImage: Sendable {
    /// The image.
    public var image: ImageRecord
    /// Where its root is.
    public var path: String
}

extension Engine {
    /// Mounts an image, so that it can be looked at and not changed. One that is mounted stays as it is.
    ///
    /// Nothing but the mount itself says that it is there: a reboot ends both.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`, `StorageError`, `MountError`.
    public func mountImage(_ name: String) throws -> MountedImage {
        let lock = try FileLock(sharing: "\(paths.root)/images.lock")
        defer { lock.release() }
        let own = try self.lock("image-mounts")
        defer { own.release() }
        let record = try image(name)
        guard !record.configuration.rootfs.diffIDs.isEmpty else {
            throw EngineError("image \(name) has no layers: there is nothing to mount")
        }
        let overlay = try storage().overlay(
            image: record.configuration.rootfs.diffIDs, in: "\(paths.images)/\(record.id)")
        if try !isMounted(record.id) { try overlay.mount() }
        return MountedImage(image: record, path: overlay.target)
    }

    /// The images that are mounted.
    ///
    /// - Throws: `EngineError` or an error of the database.
    public func mountedImages() throws -> [MountedImage] {
        try mountPoints(below: "\(paths.images)/").map { point in
            MountedImage(image: try image(String(point.prefix(64))), path: "\(paths.images)/\(point)")
        }
    }

    /// Unmounts an image; one that is not mounted is success.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`, `MountError`.
    /// - Returns: the image's id if it was mounted.
    public func unmountImage(_ name: String) throws -> String? {
        let id = try image(name).id
        let own = try lock("image-mounts")
        defer { own.release() }
        guard try isMounted(id) else { return nil }
        try OverlayMount(lower: [], upper: nil, target: "\(paths.images)/\(id)/merged").unmount()
        try File.removeTree("\(paths.images)/\(id)")
        return id
    }

    /// Whether an image is mounted.
    func isMounted(_ id: String) throws -> Bool {
        try !mountPoints(below: "\(paths.images)/\(id)/").isEmpty
    }
}
