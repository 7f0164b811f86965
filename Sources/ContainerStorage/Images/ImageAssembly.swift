public import LinuxSys
public import OCISpec

extension Storage {
    /// Makes an image of a tar stream, compressed or not: its layer, upon those of another image if there is one.
    ///
    /// - Parameters:
    ///   - source: the stream.
    ///   - base: the image that it goes on top of.
    ///   - configuration: what the new image says of itself; its layers are filled in.
    ///   - isOCI: whether its documents are OCI's, not Docker's.
    /// - Returns: the image; its files are in the storage, its names are the caller's to give.
    /// - Throws: `StorageError`; nothing is left then.
    public func assemble(
        _ source: any ByteSource, on base: StoredImage?, _ configuration: ImageConfiguration, isOCI: Bool = true
    ) throws -> LoadedImage {
        let below = try base.map(storedLayers) ?? []
        let file = try blobs.makeFile()
        let layer: PendingLayer
        do { layer = try layers.unpack(RecordingSource(source, to: file)) } catch let error as ArchiveError {
            throw StorageError.invalid("\(error)")
        }
        do {
            let top = StoredLayer(
                diffID: layer.information.diffID, size: layer.information.size,
                compression: Compression(prefix: try file.descriptor.read(upTo: 6, at: 0)),
                blob: ExportedBlob(digest: layer.blobDigest, size: layer.blobSize) { MemorySource([]) })
            let all = below + [top]
            var complete = configuration
            complete.rootfs = .init(diffIDs: all.map(\.diffID))
            let bytes = try complete.encoded()
            let id = try Digest.of(bytes)
            let manifest = try ImageManifest(
                mediaType: isOCI ? ImageMediaType.manifest : ImageMediaType.dockerManifest,
                config: ImageDescriptor(
                    mediaType: isOCI ? ImageMediaType.configuration : ImageMediaType.dockerConfiguration, digest: id,
                    size: Int64(bytes.count)),
                layers: all.map {
                    ImageDescriptor(
                        mediaType: $0.mediaType(isOCI: isOCI), digest: $0.blob.digest, size: $0.blob.size)
                }
            ).encoded()
            let manifestBlob = try blobs.prepare(manifest)
            try publish(
                layers: [layer],
                blobs: [PendingBlob(digest: layer.blobDigest, file: file), try blobs.prepare(bytes), manifestBlob])
            return LoadedImage(
                id: id, names: [], manifestDigest: manifestBlob.digest, manifest: manifest, configurationBytes: bytes,
                configuration: complete, layers: all.map(\.diffID),
                size: all.reduce(0) { $0 + $1.size } + Int64(bytes.count) + 2 * Int64(manifest.count))
        } catch {
            // The first error is the one to tell; what stays is swept later.
            try? layers.discard(layer)
            throw error
        }
    }

    /// Makes an image of another one and what a container has changed in it.
    ///
    /// - Throws: as above.
    public func assemble(
        container id: String, on base: StoredImage, _ configuration: ImageConfiguration, isOCI: Bool = true
    ) throws -> LoadedImage {
        try VolumeStore.check(name: id)
        let path = containerPath(id) + "/diff"
        let file = try blobs.makeFile()
        let upper: BeneathDirectory?
        do throws(Errno) { upper = try BeneathDirectory(opening: path) } catch .noSuchFileOrDirectory {
            upper = nil
        } catch {
            throw StorageError.system(error, "open \(path)")
        }
        if let upper {
            try LayerPacker(upper, to: file.descriptor.duplicate()).run()
        } else {
            // A container that was never started has changed nothing.
            try ArchiveWriter(tarTo: file.descriptor.duplicate()).finish()
        }
        return try assemble(FileSource(file.descriptor.duplicate(), from: 0), on: base, configuration, isOCI: isOCI)
    }

    /// Makes an image of all that is in a container: one layer, upon no other.
    ///
    /// - Parameters:
    ///   - id: the container.
    ///   - diffIDs: the layers of its image, the lowest first.
    ///   - configuration: what the new image says of itself.
    ///   - isOCI: whether its documents are OCI's, not Docker's.
    /// - Returns: the image, as above.
    /// - Throws: as above; `MountError`.
    public func squash(
        container id: String, layers diffIDs: [Digest], _ configuration: ImageConfiguration, isOCI: Bool = true
    ) throws -> LoadedImage {
        let mount = try overlay(container: id, layers: diffIDs)
        let merged = OverlayMount(
            lower: (mount.upper.map { [$0.path] } ?? []) + mount.lower, upper: nil, target: mount.target)
        let file = try blobs.makeFile()
        try PrivateMounts.run {
            try merged.mount()
            try LayerPacker(BeneathDirectory(opening: merged.target), to: file.descriptor.duplicate()).run()
        }
        return try assemble(FileSource(file.descriptor.duplicate(), from: 0), on: nil, configuration, isOCI: isOCI)
    }
}
