internal import LinuxSys
public import OCISpec
internal import Synchronization

/// An image as a registry has it: all but its layers is here and verified.
public struct RemoteImage: Sendable {
    /// The digest that the name led to: the manifest's, or an index's that names it.
    public let topDigest: Digest
    /// The manifest's digest.
    public let manifestDigest: Digest
    /// The manifest's bytes.
    public let manifestBytes: [UInt8]
    /// The configuration's digest; its hex is the image's id.
    public let id: Digest
    /// What the image says about itself.
    public let configuration: ImageConfiguration
    let manifest: ImageManifest
    let configurationBytes: [UInt8]
    let layers: [PlannedLayer]
    let client: RegistryClient

    /// For what machine it is, by its own word.
    public var platform: ImagePlatform {
        ImagePlatform(
            architecture: configuration.architecture ?? "", os: configuration.os ?? "", variant: configuration.variant)
    }
}

/// What a transfer is doing, for whoever shows it. Layers are done at the same time, from several threads.
public enum TransferStep: Sendable, Hashable {
    /// A source is asked.
    case trying(String)
    /// So many bytes of a blob are here.
    case blob(Digest, done: Int64, size: Int64)
    /// A blob's layer is in its place.
    case blobDone(Digest)
    /// A blob need not be transferred.
    case blobExists(Digest)
    /// The configuration is transferred.
    case configuration(Digest)
    /// The manifest is written.
    case manifest(Digest)
    /// Something that a person should know.
    case warning(String)
}

/// Brings one image from a registry into the storage: its layers at the same time, each unpacked as it arrives.
public struct ImagePuller: Sendable {
    /// Blobs at the same time; as containers/image.
    private static let parallelism = 6
    private static let indexDepth = 8
    private static let layerTypes: Set<String> = [
        "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar", ImageMediaType.dockerLayer,
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]

    private let storage: Storage
    private let limits: LayerLimits
    private let observer: @Sendable (TransferStep) -> Void

    /// - Parameters:
    ///   - storage: where the image goes.
    ///   - limits: bounds for each layer.
    ///   - observer: told what is being done, from several threads.
    public init(
        into storage: Storage, limits: LayerLimits = LayerLimits(),
        observer: @escaping @Sendable (TransferStep) -> Void = { _ in }
    ) {
        self.storage = storage
        self.limits = limits
        self.observer = observer
    }

    // MARK: What there is

    /// Finds an image: asks its mirrors and then its registry, and reads its manifest and configuration.
    ///
    /// - Parameters:
    ///   - reference: the image's full name.
    ///   - platform: for what machine; this one's if nil.
    ///   - registries: what registries.conf says.
    ///   - access: how the registry is reached.
    /// - Returns: the image.
    /// - Throws: `StorageError`. A registry that is not a mirror has the last word.
    public func find(
        _ reference: ImageReference, platform: ImagePlatform?, registries: RegistriesConfiguration,
        access: RegistryAccess
    ) throws -> RemoteImage {
        try SignaturePolicy().check(.registry(reference))
        return try registries.ask(reference, access) { try find($0, platform) }
    }

    private func find(_ client: RegistryClient, _ platform: ImagePlatform?) throws -> RemoteImage {
        let wanted = platform ?? .host
        let reference = client.reference
        let top = try client.manifest(reference.digest?.description ?? reference.tag ?? "latest")
        var (current, announced) = (top, top.announcedType)
        for _ in 0..<Self.indexDepth {
            let what = "manifest \(current.digest) in \(reference.name)"
            switch try ImageDocuments.kind(current.bytes, expected: announced, what) {
            case .manifest: return try image(top, current, client, wanted)
            case .index:
                let index = try ImageDocuments.decode(ImageIndex.self, current.bytes, what)
                guard let chosen = wanted.choose(index.manifests) else {
                    throw StorageError(
                        code: .notFound,
                        message: "choosing an image from manifest list \(reference): no image found in manifest list "
                            + "for architecture \(wanted.architecture), variant \"\(wanted.variant ?? "")\", "
                            + "OS \(wanted.os)", errno: nil)
                }
                current = try client.manifest(chosen.digest.description, size: chosen.size)
                announced = chosen.mediaType ?? current.announcedType
            }
        }
        throw StorageError.limit("manifest \(top.digest): indexes are nested more than \(Self.indexDepth) deep")
    }

    private func image(
        _ top: FetchedManifest, _ found: FetchedManifest, _ client: RegistryClient, _ wanted: ImagePlatform
    ) throws -> RemoteImage {
        let what = "manifest \(found.digest) in \(client.reference.name)"
        let manifest = try ImageDocuments.decode(ImageManifest.self, found.bytes, what)
        if let type = manifest.config.mediaType, !type.isEmpty,
            ![ImageMediaType.configuration, ImageMediaType.dockerConfiguration].contains(type)
        {
            throw StorageError.invalid("\(what) is no container image but an artifact: \(type.shown)")
        }
        for layer in manifest.layers {
            if let type = layer.mediaType, !type.isEmpty, !Self.layerTypes.contains(type) {
                throw StorageError.invalid("\(what): layer \(layer.digest) is of unknown type \(type.shown)")
            }
            guard layer.size >= 0, layer.digest.algorithm == .sha256 else {
                throw StorageError.invalid("\(what): layer \(layer.digest) has no size, or is not named by SHA-256")
            }
        }
        guard manifest.config.digest.algorithm == .sha256, manifest.config.size >= 0 else {
            throw StorageError.invalid("\(what): the configuration has no size, or is not named by SHA-256")
        }
        let name = "configuration \(manifest.config.digest)"
        let bytes = try storedDocument(manifest.config) ?? client.document(manifest.config, name)
        let configuration = try ImageDocuments.decode(ImageConfiguration.self, bytes, name)
        let image = RemoteImage(
            topDigest: top.digest, manifestDigest: found.digest, manifestBytes: found.bytes, id: manifest.config.digest,
            configuration: configuration, manifest: manifest, configurationBytes: bytes,
            layers: try PlannedImage.layers(
                configuration, manifest.layers.map { ($0.digest.description, $0.digest) }, what), client: client)
        let platform = image.platform
        if platform.os != wanted.os || platform.architecture != wanted.architecture {
            observer(
                .warning(
                    "image platform (\(platform.text)) does not match the expected platform (\(wanted.text))"))
        }
        return image
    }

    /// A document that is here already; its name proves its content.
    private func storedDocument(_ descriptor: ImageDescriptor) throws(StorageError) -> [UInt8]? {
        guard try storage.blobs.contains(descriptor.digest) else { return nil }
        return try storage.blobs.read(descriptor.digest)
    }

    // MARK: Bringing it

    /// Brings the layers that are missing, and makes the whole image visible.
    ///
    /// - Throws: `StorageError`; nothing stays of a pull that failed.
    public func fetch(_ image: RemoteImage) throws -> LoadedImage {
        var sizes: [Digest: Int64] = [:]
        var jobs: [Job] = []
        for (layer, descriptor) in zip(image.layers, image.manifest.layers) {
            if let known = try storage.layers.information(layer.diffID) {
                sizes[layer.diffID] = known.size
                observer(.blobExists(descriptor.digest))
            } else if !jobs.contains(where: { $0.layer.diffID == layer.diffID }) {
                jobs.append(Job(layer: layer, descriptor: descriptor))
            }
        }
        let fetched = try fetch(jobs, image.client)
        do {
            for one in fetched { sizes[one.layer.information.diffID] = one.layer.information.size }
            observer(.configuration(image.id))
            var blobs = fetched.map(\.blob)
            for document in [image.configurationBytes, image.manifestBytes] {
                blobs.append(try storage.blobs.prepare(document))
            }
            try storage.publish(layers: fetched.map(\.layer), blobs: blobs)
            observer(.manifest(image.manifestDigest))
        } catch {
            // The first error is the one to tell; a layer that stays behind here is swept later.
            for one in fetched { try? storage.layers.discard(one.layer) }
            throw error
        }
        let content = image.layers.reduce(0) { $0 + (sizes[$1.diffID] ?? 0) }
        return LoadedImage(
            id: image.id, names: [], manifestDigest: image.manifestDigest, manifest: image.manifestBytes,
            configurationBytes: image.configurationBytes, configuration: image.configuration,
            layers: image.layers.map(\.diffID),
            size: content + Int64(image.configurationBytes.count) + 2 * Int64(image.manifestBytes.count))
    }

    private struct Job: Sendable {
        var layer: PlannedLayer
        var descriptor: ImageDescriptor
    }

    private struct Fetched: Sendable {
        var layer: PendingLayer
        var blob: PendingBlob
    }

    private func fetch(_ jobs: [Job], _ client: RegistryClient) throws -> [Fetched] {
        let done = FetchedLayers()
        let cancellation = Cancellation()
        do {
            try WorkList(count: jobs.count).run(threads: Self.parallelism, failed: { cancellation.cancel() }) {
                number in
                done.add(try fetch(jobs[number], client, cancellation))
            }
        } catch {
            // As above.
            for one in done.all { try? storage.layers.discard(one.layer) }
            try forget(jobs, after: error)
            throw error
        }
        return done.all
    }

    /// What has come stays for the next pull if the registry is only out of reach. Otherwise nothing stays.
    private func forget(_ jobs: [Job], after error: any Error) throws {
        if let error = error as? StorageError, error.code == .unreachable { return try storage.partials.sweep() }
        for job in jobs { try storage.partials.take(job.descriptor.digest)?.discard() }
    }

    private final class FetchedLayers: Sendable {
        private let layers = Mutex<[Fetched]>([])

        func add(_ fetched: Fetched) { layers.withLock { $0.append(fetched) } }

        var all: [Fetched] { layers.withLock { $0 } }
    }

    /// One layer: its bytes go into a blob and, decompressed, into files, while they arrive.
    private func fetch(_ job: Job, _ client: RegistryClient, _ cancellation: Cancellation) throws -> Fetched {
        let digest = job.descriptor.digest
        let partial = try storage.partials.take(digest)
        guard let partial, partial.size > 0 else { return try fetch(job, client, cancellation, partial) }
        if partial.size <= job.descriptor.size {
            do { return try fetch(job, client, cancellation, partial) } catch let error as StorageError
                where [.invalidInput, .limit].contains(error.code)
            {
                // What lay here may be damaged, as after a power cut: the whole blob is asked for once more.
                try cancellation.check()
            }
        }
        partial.discard()
        return try fetch(job, client, cancellation, storage.partials.take(digest))
    }

    private func fetch(
        _ job: Job, _ client: RegistryClient, _ cancellation: Cancellation, _ partial: PartialBlob?
    ) throws -> Fetched {
        let digest = job.descriptor.digest
        let start = partial?.size ?? 0
        observer(.blob(digest, done: start, size: job.descriptor.size))
        let download = BlobDownload(client, job.descriptor, cancellation, from: start) { [observer] done in
            observer(.blob(digest, done: done, size: job.descriptor.size))
        }
        let file = try partial?.file ?? storage.blobs.makeFile()
        let present = FileSource(try file.descriptor.duplicate(), from: 0, count: start)
        let source = ContinuedSource(present, then: RecordingSource(download, to: file, from: start))
        let layer: PendingLayer
        do {
            layer = try storage.layers.unpack(source, limits: limits)
        } catch let error as StorageError {
            throw error.during("layer \(digest)")
        } catch let error as ArchiveError {
            throw StorageError.invalid("layer \(digest): \(error)")
        }
        do {
            try job.layer.check(diffID: layer.information.diffID, blobDigest: layer.blobDigest)
        } catch {
            // As above.
            try? storage.layers.discard(layer)
            throw error
        }
        observer(.blobDone(digest))
        return Fetched(layer: layer, blob: PendingBlob(digest: digest, file: file, partial: partial))
    }
}
