internal import OCISpec

/// An OCI image layout, in a directory or an archive: `oci-layout`, `index.json`, `blobs/` (OCI image-spec,
/// image-layout.md).
enum OCILayout {
    static let index = "index.json"
    static let mark = "oci-layout"
    /// Index in index in index.
    private static let depthLimit = 8
    /// Images and indexes in one archive.
    private static let documentLimit = 1000
    private static let containerdName = "io.containerd.image.name"
    static let name = "org.opencontainers.image.ref.name"

    /// Reads what images are in the layout; nil if it has no `index.json`.
    static func plan(_ files: any ImageFiles) throws -> [PlannedImage]? {
        guard try files.size(index) != nil else { return nil }
        guard try files.size(mark) != nil else { throw StorageError.invalid("file \(mark) is missing") }
        let bytes = try files.read([index], limit: ImageJSON.sizeLimit)[index] ?? []
        guard try ImageDocuments.kind(bytes, expected: nil, index) == .index else {
            throw StorageError.invalid("\(index) is no image index")
        }
        let top = try ImageDocuments.decode(ImageIndex.self, bytes, index)
        guard !top.manifests.isEmpty else { throw StorageError.invalid("\(index) names no image") }
        guard top.manifests.count <= documentLimit else {
            throw StorageError.limit("\(index) names more than \(documentLimit) images")
        }
        // One image with several names is listed once a name.
        var images: [PlannedImage] = []
        for descriptor in top.manifests where !descriptor.isAttestation {
            let image = try plan(descriptor, files)
            if let known = images.firstIndex(where: { $0.manifest?.digest == image.manifest?.digest }) {
                for name in image.names where !images[known].names.contains(name) { images[known].names.append(name) }
            } else {
                images.append(image)
            }
        }
        guard !images.isEmpty else { throw StorageError.invalid("\(index) names no image") }
        return images
    }

    private static func plan(_ top: ImageDescriptor, _ files: any ImageFiles) throws -> PlannedImage {
        var descriptor = top
        for _ in 0..<depthLimit {
            let what = "manifest \(descriptor.digest)"
            let bytes = try document(descriptor, files, what)
            switch try ImageDocuments.kind(bytes, expected: descriptor.mediaType, what) {
            case .manifest: return try image(names: names(top), descriptor.digest, bytes, files, at: path)
            case .index:
                let inner = try ImageDocuments.decode(ImageIndex.self, bytes, what)
                guard let chosen = ImagePlatform.host.choose(inner.manifests) else {
                    throw StorageError.invalid("\(what): no image for \(ImagePlatform.host.text)")
                }
                descriptor = chosen
            }
        }
        throw StorageError.limit("manifest \(top.digest): indexes are nested more than \(depthLimit) deep")
    }

    /// The image of a manifest; `path` tells where a blob is.
    static func image(
        names: [ImageReference], _ digest: Digest, _ bytes: [UInt8], _ files: any ImageFiles,
        at path: (Digest) -> String
    ) throws -> PlannedImage {
        let what = "manifest \(digest)"
        let manifest = try ImageDocuments.decode(ImageManifest.self, bytes, what)
        guard manifest.config.digest.algorithm == .sha256 else {
            throw StorageError.invalid("\(what): the configuration is not named by SHA-256")
        }
        let configurationBytes = try document(
            manifest.config, files, "configuration \(manifest.config.digest)", at: path)
        let configuration = try ImageDocuments.decode(
            ImageConfiguration.self, configurationBytes, "configuration \(manifest.config.digest)")
        for layer in manifest.layers {
            guard try files.size(path(layer.digest)) == layer.size else {
                throw StorageError.invalid(
                    "layer \(layer.digest) is missing or has not the \(layer.size) bytes it should")
            }
        }
        return PlannedImage(
            names: names, id: manifest.config.digest, configuration: configuration,
            configurationBytes: configurationBytes, manifest: (digest, bytes),
            layers: try PlannedImage.layers(configuration, manifest.layers.map { (path($0.digest), $0.digest) }, what))
    }

    /// A small blob, its size and digest verified.
    private static func document(
        _ descriptor: ImageDescriptor, _ files: any ImageFiles, _ what: String, at path: (Digest) -> String = path
    ) throws -> [UInt8] {
        guard descriptor.digest.algorithm == .sha256 else {
            throw StorageError.invalid("\(what) is not named by SHA-256")
        }
        let file = path(descriptor.digest)
        let bytes = try files.read([file], limit: ImageJSON.sizeLimit)[file] ?? []
        guard Int64(bytes.count) == descriptor.size else {
            throw StorageError.invalid("\(what) has \(bytes.count) bytes instead of \(descriptor.size)")
        }
        guard try Digest.of(bytes) == descriptor.digest else {
            throw StorageError.invalid("\(what): its content has another digest")
        }
        return bytes
    }

    /// Where a blob is.
    static func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    /// As Podman: containerd's full name goes before the specification's, which may be a tag alone.
    private static func names(_ descriptor: ImageDescriptor) throws(StorageError) -> [ImageReference] {
        let annotations = descriptor.annotations ?? [:]
        guard
            let text = [annotations[containerdName], annotations[name]].compactMap({ $0 }).first(where: { !$0.isEmpty })
        else { return [] }
        do throws(ImageReferenceError) {
            return [try ImageReference(local: text)]
        } catch {
            throw .invalid("name in \(index): \(error)")
        }
    }
}
