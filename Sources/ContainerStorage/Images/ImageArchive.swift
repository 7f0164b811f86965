public import LinuxSys
internal import OCISpec

/// Loads images from archives: docker-archive, oci-archive, an OCI layout, or a directory with one image; each whole
/// archive, and each layer in it, plain or compressed with gzip, zstd, bzip2 or xz.
public struct ImageArchive {
    private let storage: Storage
    private let limits: LayerLimits
    private let admit: (PolicySource) throws -> Void
    private let progress: (ImageProgress) -> Void

    /// - Parameters:
    ///   - storage: where the images go.
    ///   - limits: bounds for each layer.
    ///   - admit: throws if images of that place may not be used.
    ///   - progress: told what is being done.
    public init(
        into storage: Storage, limits: LayerLimits = LayerLimits(),
        admit: @escaping (PolicySource) throws -> Void = { _ in },
        progress: @escaping (ImageProgress) -> Void = { _ in }
    ) {
        self.storage = storage
        self.limits = limits
        self.admit = admit
        self.progress = progress
    }

    /// Loads all images of the archive or directory at a path.
    ///
    /// - Throws: `StorageError`, one line; nothing of a failed archive stays but what it shares with images
    ///   that are here.
    public func load(path: String) throws -> [LoadedImage] {
        let file = try opening("open \(path)") { () throws(Errno) in try OwnedFD.open(path, .read) }
        if try doing("look at \(path)", { () throws(Errno) in try file.status() }).type == .directory {
            let layout = LayoutDirectory(directory: BeneathDirectory(file))
            return try load(
                name: path,
                formats: [
                    (.layout(path), { try OCILayout.plan(layout) }),
                    (.directory(path), { try DirectoryImage.plan(layout) }),
                ], layout)
        }
        return try load(file, name: path, path: path)
    }

    /// Loads all images of an archive that is read from a descriptor: a file, or a pipe such as standard input.
    public func load(_ file: consuming OwnedFD, name: String) throws -> [LoadedImage] {
        try load(file, name: name, path: nil)
    }

    private func load(_ file: consuming OwnedFD, name: String, path: String?) throws -> [LoadedImage] {
        let archive: ArchiveFile
        do {
            archive = try ArchiveFile(file, temporary: storage.temporary, limits: limits)
        } catch ArchiveError.unreadable(let reason) {
            throw StorageError.invalid(
                "payload does not match any of the supported image formats: oci-archive, docker-archive: \(reason)")
        }
        return try load(
            name: name,
            formats: [
                (.ociArchive(path), { try OCILayout.plan(archive) }),
                (.dockerArchive(name), { try DockerArchive.plan(archive) }),
            ], archive)
    }

    /// Tries the formats in Podman's order. The first one that the archive is, and that can be read, counts.
    private func load(
        name: String, formats: [(source: PolicySource, plan: () throws -> [PlannedImage]?)], _ files: any ImageFiles
    ) throws -> [LoadedImage] {
        var reasons: [String] = []
        for format in formats {
            let plan: [PlannedImage]
            let transport = format.source.transport
            do {
                guard let found = try format.plan() else {
                    reasons.append("\(transport): no file \(format.source.index)")
                    continue
                }
                plan = found
            } catch {
                reasons.append("\(transport): \(error)")
                continue
            }
            try admit(format.source)
            do {
                return try load(plan, files)
            } catch let error as StorageError where error.code != .system {
                throw error.during("cannot load \(name): \(transport)")
            } catch let error as ArchiveError {
                throw StorageError.invalid("cannot load \(name): \(transport): \(error)")
            }
        }
        throw StorageError.invalid(
            "payload does not match any of the supported image formats: " + reasons.joined(separator: "; "))
    }

    private func load(_ images: [PlannedImage], _ files: any ImageFiles) throws -> [LoadedImage] {
        var pending: [Digest: PendingLayer] = [:]
        var blobs: [PendingBlob] = []
        var sizes: [Digest: Int64] = [:]
        // Two images of one archive may name one file; that it is what each says is checked for each.
        let layers = Set(images.flatMap(\.layers))
        let wanted = Dictionary(grouping: layers, by: \.file)
        do {
            try files.visit(Set(wanted.keys)) { file, content in
                guard let layer = wanted[file]?.first else { return }
                if let other = wanted[file]?.first(where: { $0.diffID != layer.diffID }) {
                    throw StorageError.invalid(
                        "file \(file.shown) cannot be both layer \(layer.diffID) and layer \(other.diffID)")
                }
                let known = try storage.layers.information(layer.diffID)?.size ?? sizes[layer.diffID]
                if let known {
                    progress(.layerExists(diffID: layer.diffID))
                    try verify(layer, content)
                    sizes[layer.diffID] = known
                } else {
                    let (unpacked, blob) = try unpack(layer, content)
                    pending[layer.diffID] = unpacked
                    blobs.append(blob)
                    sizes[layer.diffID] = unpacked.information.size
                }
            }
            return try finish(images, pending: Array(pending.values), blobs, sizes)
        } catch {
            // The first error is the one to tell; a layer that stays behind here is swept later.
            for layer in pending.values { try? storage.layers.discard(layer) }
            throw error
        }
    }

    private func unpack(_ layer: PlannedLayer, _ content: any ByteSource) throws -> (PendingLayer, PendingBlob) {
        let shown = CountedSource(content) { progress(.copyingLayer(diffID: layer.diffID, bytes: $0)) }
        let file = try storage.blobs.makeFile()
        let unpacked = try named(layer) {
            try storage.layers.unpack(RecordingSource(shown, to: file), limits: limits)
        }
        do {
            try layer.check(diffID: unpacked.information.diffID, blobDigest: unpacked.blobDigest)
        } catch {
            // As above.
            try? storage.layers.discard(unpacked)
            throw error
        }
        progress(.layerCopied(diffID: layer.diffID))
        return (unpacked, PendingBlob(digest: unpacked.blobDigest, file: file))
    }

    /// Checks a blob whose layer is in the storage already: by its own digest where the format says that, which
    /// needs no decompression, else by the diff id.
    private func verify(_ layer: PlannedLayer, _ content: any ByteSource) throws {
        try named(layer) {
            if layer.blobDigest != nil {
                let blob = HashingSource(content)
                try blob.drain()
                try layer.check(diffID: nil, blobDigest: try blob.digest())
            } else {
                let stream = try LayerStream(content, limits: limits, space: nil)
                let digests = try stream.finish()
                try layer.check(diffID: digests.diffID, blobDigest: nil)
            }
        }
    }

    private func named<Result>(_ layer: PlannedLayer, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as StorageError {
            throw error.during("layer \(layer.file.shown)")
        } catch let error as ArchiveError {
            throw StorageError.invalid("layer \(layer.file.shown): \(error)")
        }
    }

    private func finish(
        _ images: [PlannedImage], pending: [PendingLayer], _ layerBlobs: [PendingBlob], _ sizes: [Digest: Int64]
    ) throws -> [LoadedImage] {
        var loaded: [LoadedImage] = []
        var blobs = layerBlobs
        for image in images {
            let layers = image.layers.map { (digest: $0.diffID, size: sizes[$0.diffID] ?? 0) }
            let manifest =
                image.manifest?.bytes
                ?? DockerArchive.manifest(
                    configuration: (image.id, image.configurationBytes.count), layers: layers)
            progress(.copyingConfiguration(image.id))
            blobs.append(try storage.blobs.prepare(image.configurationBytes))
            let manifestBlob = try storage.blobs.prepare(manifest)
            progress(.writingManifest(manifestBlob.digest))
            blobs.append(manifestBlob)
            let content = layers.reduce(0) { $0 + $1.size }
            loaded.append(
                LoadedImage(
                    id: image.id, names: image.names, manifestDigest: manifestBlob.digest, manifest: manifest,
                    configurationBytes: image.configurationBytes, configuration: image.configuration,
                    layers: layers.map(\.digest),
                    size: content + Int64(image.configurationBytes.count) + 2 * Int64(manifest.count)))
        }
        try storage.publish(layers: pending, blobs: blobs)
        return loaded
    }
}

extension PolicySource {
    /// The file that tells what images are there.
    fileprivate var index: String {
        switch self {
        case .dockerArchive: DockerArchive.index
        case .directory: DirectoryImage.manifest
        case .ociArchive, .layout, .registry, .storage, .rootArchive: OCILayout.index
        }
    }
}
