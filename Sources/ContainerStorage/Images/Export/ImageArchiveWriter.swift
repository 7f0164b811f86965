public import LinuxSys
public import OCISpec

/// Writes images to an archive or a directory that other engines load.
public struct ImageArchiveWriter {
    /// What is written.
    public enum Format: String, Sendable, CaseIterable {
        /// `manifest.json`, and layers that are not compressed (moby image/tarexport).
        case docker = "docker-archive"
        /// An OCI image layout (image-spec, image-layout.md), with layers as they came.
        case oci = "oci-archive"
        /// One image: its manifest, and its blobs beside it (containers/image, directory).
        case dockerDirectory = "docker-dir"
        /// An OCI image layout that is no archive; images that are in it already stay.
        case ociDirectory = "oci-dir"

        /// Whether it is a directory.
        public var isDirectory: Bool { self == .dockerDirectory || self == .ociDirectory }
    }

    /// How layers and manifests are written.
    public struct Options: Sendable {
        /// Whether layers that are not compressed are compressed in a `docker-dir`.
        public var compresses = false
        /// Whether layers that are not compressed stay so in an OCI layout.
        public var keepsUncompressed = false
        /// How layers are compressed in a directory or a layout; if nil, as they came.
        public var compression: Compression?
        /// Whether the manifest of a `docker-dir` is OCI's; as the image came if nil.
        public var isOCI: Bool?

        /// Every default.
        public init() {}
    }

    private let storage: Storage
    private let sink: any ImageSink
    private let observer: (TransferStep) -> Void
    private var options = Options()
    private var written: Set<String> = []
    /// The digest of the manifest that was written last; nil where the format has none.
    public private(set) var manifestDigest: Digest?

    /// Starts an archive in a file or pipe.
    ///
    /// - Throws: `ArchiveError` when libarchive is missing.
    public init(
        from storage: Storage, to file: consuming OwnedFD, observer: @escaping (TransferStep) -> Void = { _ in }
    ) throws {
        self.storage = storage
        self.observer = observer
        sink = try ArchiveSink(file)
    }

    /// Starts in a directory, which is made if it is missing.
    ///
    /// - Throws: `StorageError` when it cannot be made, or holds what must not be written over.
    public init(
        from storage: Storage, in directory: String, _ format: Format,
        observer: @escaping (TransferStep) -> Void = { _ in }
    ) throws {
        self.storage = storage
        self.observer = observer
        let sink = try DirectorySink(directory)
        if format == .dockerDirectory { try sink.clear() }
        self.sink = sink
    }

    /// Writes the images, each with its names, and ends the archive.
    ///
    /// - Throws: `StorageError` naming what is missing; `ArchiveError`.
    public mutating func write(
        _ images: [(image: StoredImage, names: [String])], _ format: Format, _ options: Options = Options()
    ) throws {
        self.options = options
        switch format {
        case .docker: try writeDocker(images)
        case .oci, .ociDirectory: try writeLayout(images)
        case .dockerDirectory:
            guard let first = images.first, images.count == 1 else {
                throw StorageError.invalid("a directory of this format has one image; \(images.count) were named")
            }
            try writeDirectory(first.image)
        }
        try sink.finish()
    }

    private mutating func writeDocker(_ images: [(image: StoredImage, names: [String])]) throws {
        var items: [DockerArchiveItem] = []
        for (image, names) in images {
            var files: [String] = []
            for layer in try storage.storedLayers(of: image) {
                let file = "\(layer.diffID.hex).tar"
                files.append(file)
                observer(.blob(layer.diffID, done: 0, size: layer.size))
                // The digest shows that what was kept is what was loaded.
                let content = HashingSource(try layer.content())
                guard try add(file, layer.size, content) else { continue }
                guard try content.digest() == layer.diffID else {
                    throw StorageError.invalid("blob \(layer.blob.digest) is damaged: pull or load its image again")
                }
                observer(.blobDone(layer.diffID))
            }
            observer(.configuration(image.id))
            let configuration = "\(image.id.hex).json"
            try add(configuration, image.configurationBytes)
            items.append(
                DockerArchiveItem(config: configuration, repoTags: names, layers: files))
        }
        try add(DockerArchive.index, try items.encoded())
    }

    private mutating func writeDirectory(_ image: StoredImage) throws {
        var layers = try storage.storedLayers(of: image)
        if options.compresses || options.compression != nil {
            layers = try layers.map { try storage.portable($0, as: options.compression) }
        }
        try writeBlobs(image, layers, DirectoryImage.path)
        let manifest = try image.manifest(for: layers, isOCI: options.isOCI ?? image.isOCI)
        try add(DirectoryImage.version, [UInt8](DirectoryImage.versionText.utf8))
        // What has a manifest is whole.
        try add(DirectoryImage.manifest, manifest.bytes)
        try tell(manifest.bytes)
    }

    private mutating func writeLayout(_ images: [(image: StoredImage, names: [String])]) throws {
        try add(OCILayout.mark, Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        var descriptors: [ImageDescriptor] = []
        for (image, names) in images {
            var layers = try storage.storedLayers(of: image)
            if !options.keepsUncompressed {
                layers = try layers.map { try storage.portable($0, as: options.compression) }
            }
            try writeBlobs(image, layers, OCILayout.path)
            let manifest = try image.manifest(for: layers, isOCI: true)
            let digest = try tell(manifest.bytes)
            try add(OCILayout.path(digest), manifest.bytes)
            for name in names.isEmpty ? [nil] : names.map(Optional.some) {
                descriptors.append(
                    ImageDescriptor(
                        mediaType: manifest.mediaType, digest: digest, size: Int64(manifest.bytes.count),
                        annotations: name.map { [OCILayout.name: $0] }))
            }
        }
        let index = ImageIndex(manifests: try others(than: descriptors) + descriptors)
        try add(OCILayout.index, try index.encoded())
    }

    /// The images that are in the layout already, without those whose names or places others take.
    private func others(than new: [ImageDescriptor]) throws -> [ImageDescriptor] {
        guard let bytes = try sink.content(OCILayout.index) else { return [] }
        let old = try ImageDocuments.decode(ImageIndex.self, bytes, OCILayout.index)
        return old.manifests.filter { one in
            !new.contains { other in
                let name = one.annotations?[OCILayout.name]
                return name == nil ? one.digest == other.digest : name == other.annotations?[OCILayout.name]
            }
        }
    }

    private mutating func writeBlobs(
        _ image: StoredImage, _ layers: [StoredLayer], _ path: (Digest) -> String
    ) throws {
        for layer in layers {
            if try sink.has(path(layer.blob.digest), layer.blob.size) {
                observer(.blobExists(layer.blob.digest))
                continue
            }
            observer(.blob(layer.blob.digest, done: 0, size: layer.blob.size))
            try add(path(layer.blob.digest), layer.blob.size, try layer.blob.open())
            observer(.blobDone(layer.blob.digest))
        }
        observer(.configuration(image.id))
        try add(path(image.id), image.configurationBytes)
    }

    @discardableResult
    private mutating func tell(_ manifest: [UInt8]) throws -> Digest {
        let digest = try Digest.of(manifest)
        manifestDigest = digest
        observer(.manifest(digest))
        return digest
    }

    private mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        try add(name, Int64(bytes.count), MemorySource(bytes))
    }

    /// Adds a file, unless it was added already; whether it was added now.
    @discardableResult
    private mutating func add(_ name: String, _ size: Int64, _ source: any ByteSource) throws -> Bool {
        guard written.insert(name).inserted else { return false }
        try sink.add(name, size, source)
        return true
    }
}
