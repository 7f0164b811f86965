public import LinuxSys
public import OCISpec

/// Writes images to an archive that other engines load.
public struct ImageArchiveWriter {
    /// What kind of archive.
    public enum Format: String, Sendable, CaseIterable {
        /// `manifest.json`, and layers that are not compressed (moby image/tarexport).
        case docker = "docker-archive"
        /// An OCI image layout (image-spec, image-layout.md), with layers as they came.
        case oci = "oci-archive"
    }

    private let storage: Storage
    private let writer: ArchiveWriter
    private let observer: (TransferStep) -> Void
    private var written: Set<String> = []

    /// Starts an archive in a file or pipe.
    ///
    /// - Throws: `ArchiveError` when libarchive is missing.
    public init(
        from storage: Storage, to file: consuming OwnedFD, observer: @escaping (TransferStep) -> Void = { _ in }
    ) throws {
        self.storage = storage
        self.observer = observer
        writer = try ArchiveWriter(tarTo: file)
    }

    /// Writes the images, each with its names, and ends the archive.
    ///
    /// - Throws: `StorageError` naming what is missing; `ArchiveError`.
    public mutating func write(_ images: [(image: StoredImage, names: [ImageReference])], _ format: Format) throws {
        switch format {
        case .docker: try writeDocker(images)
        case .oci: try writeLayout(images)
        }
        try writer.finish()
    }

    private mutating func writeDocker(_ images: [(image: StoredImage, names: [ImageReference])]) throws {
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
                DockerArchiveItem(config: configuration, repoTags: names.map(\.description), layers: files))
        }
        try add(DockerArchive.index, try items.encoded())
    }

    private mutating func writeLayout(_ images: [(image: StoredImage, names: [ImageReference])]) throws {
        try add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        var descriptors: [ImageDescriptor] = []
        for (image, names) in images {
            let layers = try storage.storedLayers(of: image).map(storage.portable)
            for layer in layers {
                observer(.blob(layer.blob.digest, done: 0, size: layer.blob.size))
                try add(Self.path(layer.blob.digest), layer.blob.size, try layer.blob.open())
                observer(.blobDone(layer.blob.digest))
            }
            observer(.configuration(image.id))
            try add(Self.path(image.id), image.configurationBytes)
            let manifest = try image.manifest(for: layers, isOCI: true)
            let digest = try Digest.of(manifest.bytes)
            try add(Self.path(digest), manifest.bytes)
            observer(.manifest(digest))
            for name in names.isEmpty ? [nil] : names.map(Optional.some) {
                descriptors.append(
                    ImageDescriptor(
                        mediaType: manifest.mediaType, digest: digest, size: Int64(manifest.bytes.count),
                        annotations: name.map { ["org.opencontainers.image.ref.name": $0.description] }))
            }
        }
        let index = ImageIndex(manifests: descriptors)
        try add(OCILayout.index, try index.encoded())
    }

    private static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        try add(name, Int64(bytes.count), MemorySource(bytes))
    }

    /// Adds a file, unless it is in the archive already; whether it was added.
    @discardableResult
    private mutating func add(_ name: String, _ size: Int64, _ source: any ByteSource) throws -> Bool {
        guard written.insert(name).inserted else { return false }
        try writer.begin(ArchiveEntry(path: [UInt8](name), kind: .file, size: size))
        var left = size
        while true {
            let bytes = try source.next()
            if bytes.isEmpty { break }
            left -= Int64(bytes.count)
            guard left >= 0 else { break }
            try writer.write(bytes)
        }
        guard left == 0 else { throw StorageError.invalid("\(name) has not the \(size) bytes that it had") }
        return true
    }
}
