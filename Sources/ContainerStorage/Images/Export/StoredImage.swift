internal import FoundationEssentials
internal import LinuxSys
public import OCISpec

/// An image that is in the storage, to be given away.
public struct StoredImage: Sendable {
    /// The configuration's digest.
    public let id: Digest
    let configurationBytes: [UInt8]
    /// What the image says of itself.
    public let configuration: ImageConfiguration
    let manifestBytes: [UInt8]
    let manifest: ImageManifest

    /// From the bytes of its two documents.
    ///
    /// - Throws: `StorageError` when they cannot be read.
    public init(configuration bytes: [UInt8], manifest: [UInt8]) throws(StorageError) {
        id = try Digest.of(bytes)
        configurationBytes = bytes
        configuration = try ImageDocuments.decode(ImageConfiguration.self, bytes, "configuration \(id)")
        manifestBytes = manifest
        self.manifest = try ImageDocuments.decode(ImageManifest.self, manifest, "manifest of \(id)")
    }

    /// Whether its manifest is OCI's, not Docker's.
    var isOCI: Bool { manifest.mediaType != ImageMediaType.dockerManifest }
}

/// A blob that can be given away, as often as wanted.
struct ExportedBlob: Sendable {
    var digest: Digest
    var size: Int64
    var open: @Sendable () throws -> any ByteSource
}

/// One layer of an image, in the form in which it is kept.
struct StoredLayer: Sendable {
    var diffID: Digest
    /// Bytes of its tar stream.
    var size: Int64
    var compression: Compression?
    var blob: ExportedBlob

    /// Its tar stream.
    func content() throws -> any ByteSource {
        let source = try blob.open()
        return try compression.map { try Decompressor(source, $0) } ?? source
    }

    /// Its media type, as OCI or Docker name it.
    func mediaType(isOCI: Bool) -> String {
        let base = isOCI ? "application/vnd.oci.image.layer.v1.tar" : "application/vnd.docker.image.rootfs.diff.tar"
        return switch compression {
        case nil: base
        case .zstd: base + (isOCI ? "+zstd" : ".zstd")
        case .gzip, .bzip2, .xz: base + (isOCI ? "+gzip" : ".gzip")
        }
    }
}

extension Storage {
    /// An image's layers as they are kept, lowest first.
    ///
    /// - Throws: `StorageError` with `Code.notFound` naming a layer of which only the files are here.
    func storedLayers(of image: StoredImage) throws -> [StoredLayer] {
        try image.configuration.rootfs.diffIDs.map { diffID in
            guard let information = try layers.information(diffID), let digest = information.blobDigest,
                try blobs.contains(digest)
            else {
                throw StorageError(
                    code: .notFound,
                    message: "layer \(diffID) is not kept in the form in which it came: pull or load its image again",
                    errno: nil)
            }
            let compression = Compression(prefix: try blobs.source(digest).next())
            return StoredLayer(
                diffID: diffID, size: information.size, compression: compression,
                blob: try storedBlob(digest))
        }
    }

    /// A blob of the store.
    func storedBlob(_ digest: Digest) throws -> ExportedBlob {
        ExportedBlob(digest: digest, size: try blobs.size(digest)) { [blobs] in try blobs.source(digest) }
    }

    /// The layer in a compressed form: the one that is wanted, or one that every registry and engine takes, which is
    /// gzip's where it is not compressed.
    func portable(_ layer: StoredLayer, as wanted: Compression? = nil) throws -> StoredLayer {
        if layer.compression == wanted ?? .gzip || (wanted == nil && layer.compression == .zstd) { return layer }
        let file = try blobs.makeFile()
        let writer = try ArchiveWriter(to: file.descriptor.duplicate(), wanted ?? .gzip)
        let content = try layer.content()
        while true {
            let bytes = try content.next()
            if bytes.isEmpty { break }
            try writer.write(bytes)
        }
        try writer.finish()
        let open = { @Sendable () throws -> any ByteSource in
            FileSource(try file.descriptor.duplicate(), from: 0)
        }
        let hashed = HashingSource(try open())
        try hashed.drain()
        var portable = layer
        portable.compression = wanted ?? .gzip
        portable.blob = ExportedBlob(digest: try hashed.digest(), size: hashed.count, open: open)
        return portable
    }
}

extension StoredImage {
    /// The manifest for these forms of its layers: the very bytes that came with the image if they fit.
    func manifest(for layers: [StoredLayer], isOCI: Bool) throws -> (bytes: [UInt8], mediaType: String) {
        let type = isOCI ? ImageMediaType.manifest : ImageMediaType.dockerManifest
        let described = layers.map { layer in
            ImageDescriptor(
                mediaType: layer.mediaType(isOCI: isOCI), digest: layer.blob.digest, size: layer.blob.size)
        }
        let same = zip(described, manifest.layers).allSatisfy { new, old in
            // Podman says gzip of Docker's layers, whether they are compressed or not.
            new.digest == old.digest && new.size == old.size
                && ((old.mediaType ?? new.mediaType) == new.mediaType || old.mediaType == ImageMediaType.dockerLayer)
        }
        if isOCI == self.isOCI, same, described.count == manifest.layers.count { return (manifestBytes, type) }
        var changed = manifest
        changed.mediaType = type
        changed.config.mediaType = isOCI ? ImageMediaType.configuration : ImageMediaType.dockerConfiguration
        changed.config.digest = id
        changed.config.size = Int64(configurationBytes.count)
        changed.layers = described
        return (try changed.encoded(), type)
    }
}

extension Encodable {
    /// As JSON; the same value has the same bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }
}
