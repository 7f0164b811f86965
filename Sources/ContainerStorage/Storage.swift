internal import LinuxSys
internal import OCISpec

/// Everything that lasts on disk below one root: blobs, layers, volumes, containers' directories.
///
/// It deals with files only. Which images, names and layers are wanted is the state database's to know. All
/// directories are 0700, files 0600; only what is inside a layer keeps the image's own modes.
public final class Storage: Sendable {
    /// The root's path: `/var/lib/swiftlet` unless `--root` says otherwise.
    public let path: String
    /// Configurations and manifests.
    public let blobs: BlobStore
    /// Unpacked layers.
    public let layers: LayerStore
    /// Blobs that are on their way from a registry.
    public let partials: PartialBlobs
    /// Named volumes.
    public let volumes: VolumeStore
    let containers: BeneathDirectory
    let temporary: BeneathDirectory
    let trash: Trash

    /// Opens the storage and makes its directories if they are missing.
    ///
    /// - Throws: `StorageError` naming the directory that cannot be made or opened.
    public init(root path: String) throws(StorageError) {
        self.path = path
        let open = { (name: String) throws(StorageError) -> BeneathDirectory in
            try doing("open storage directory \(path)\(name)") { () throws(Errno) in
                try File.makeDirectories(path + name)
                return try BeneathDirectory(opening: path + name)
            }
        }
        let trash = Trash(try open("/trash"))
        self.trash = trash
        temporary = try open("/tmp")
        containers = try open("/containers")
        blobs = BlobStore(try open("/blobs/sha256"), temporary: temporary)
        partials = PartialBlobs(try open("/partial"))
        layers = LayerStore(try open("/layers"), path: path + "/layers", trash: trash)
        volumes = VolumeStore(try open("/volumes"), path: path + "/volumes", trash: trash)
    }

    /// Makes layers and blobs visible together: first their content is on the disk, then they get their names,
    /// then the names are on the disk. Killed in between, each of them is there whole or not at all.
    ///
    /// Layers and blobs that another process has published meanwhile are left as they are.
    public func publish(layers pendingLayers: [PendingLayer], blobs pendingBlobs: [PendingBlob]) throws(StorageError) {
        try doing("write layers to the disk below \(path)") { () throws(Errno) in
            try temporary.descriptor.synchronizeFileSystem()
        }
        for layer in pendingLayers { try layers.publish(layer) }
        for blob in pendingBlobs { try blobs.publish(blob) }
        try layers.synchronize()
        try blobs.synchronize()
    }

    /// Removes what dead processes left: layers half unpacked, blobs that nobody goes on with, and the trash.
    ///
    /// What a living process is unpacking is locked and stays; so does what the next pull can go on with.
    ///
    /// - Throws: the first thing that could not be removed, after all else was.
    public func sweep() throws(StorageError) {
        try layers.discardAbandoned()
        try partials.sweep()
        try trash.empty()
    }

    /// Removes a container's directory, with its upper directory, wherever links in it lead.
    ///
    /// It is gone under its name in one step and deleted then; one that is missing is success.
    public func removeContainer(_ id: String) throws(StorageError) {
        try trash.discard([UInt8](id), from: containers, what: "container directory \(id)")
        try trash.empty()
    }
}
