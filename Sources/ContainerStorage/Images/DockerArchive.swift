internal import OCISpec

/// The format of `docker save` and `podman save`: `manifest.json` names a configuration and layers for each
/// image (moby image/tarexport). The older `repositories` file is not read.
enum DockerArchive {
    static let index = "manifest.json"

    /// Reads what images are in the archive; nil if it has no `manifest.json`.
    static func plan(_ files: any ImageFiles) throws -> [PlannedImage]? {
        guard try files.size(index) != nil else { return nil }
        let limit = ImageJSON.sizeLimit
        let items = try ImageDocuments.decode(
            [DockerArchiveItem].self, try files.read([index], limit: limit)[index] ?? [], index)
        guard !items.isEmpty else { throw StorageError.invalid("\(index) names no image") }
        let configurations = try files.read(Set(items.map(\.config)), limit: limit)
        return try items.map { item in
            let bytes = configurations[item.config] ?? []
            let what = "configuration \(item.config.shown)"
            let configuration = try ImageDocuments.decode(ImageConfiguration.self, bytes, what)
            return PlannedImage(
                names: try (item.repoTags ?? []).map(name), id: try .of(bytes), configuration: configuration,
                configurationBytes: bytes, manifest: nil,
                layers: try PlannedImage.layers(configuration, item.layers.map { ($0, nil) }, what))
        }
    }

    private static func name(_ text: String) throws(StorageError) -> ImageReference {
        do throws(ImageReferenceError) {
            // Read without Podman's default tag, since a name of an archive must have its own.
            let written = try ImageReference(parsing: text)
            if written.tag != nil, written.digest == nil { return try ImageReference(local: text) }
        } catch {
            throw .invalid("tag in \(index): \(error)")
        }
        throw .invalid("tag \(text.shown) in \(index) must be name:tag")
    }

    /// The manifest that Podman makes for an image of a docker-archive, byte for byte, so that both show the
    /// same digest: layers by diff id and length, all called gzip (containers/image, docker/internal/tarfile).
    static func manifest(
        configuration: (digest: Digest, size: Int), layers: [(digest: Digest, size: Int64)]
    ) -> [UInt8] {
        let blob = { (type: String, size: Int64, digest: Digest) in
            #"{"mediaType":"\#(type)","size":\#(size),"digest":"\#(digest)"}"#
        }
        let list = layers.map { blob(ImageMediaType.dockerLayer, $0.size, $0.digest) }.joined(separator: ",")
        let head = blob(ImageMediaType.dockerConfiguration, Int64(configuration.size), configuration.digest)
        let type = ImageMediaType.dockerManifest
        return [UInt8](#"{"schemaVersion":2,"mediaType":"\#(type)","config":\#(head),"layers":[\#(list)]}"#)
    }
}
