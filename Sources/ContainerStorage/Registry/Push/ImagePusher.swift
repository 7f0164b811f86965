public import LinuxSys
public import OCISpec
internal import Synchronization

/// Gives one image to a registry: the blobs that it has not, at the same time, then the manifest.
public struct ImagePusher: Sendable {
    private static let parallelism = 6
    private let storage: Storage
    private let observer: @Sendable (TransferStep) -> Void

    /// - Parameters:
    ///   - storage: where the image is.
    ///   - observer: told what is being done, from several threads.
    public init(from storage: Storage, observer: @escaping @Sendable (TransferStep) -> Void = { _ in }) {
        self.storage = storage
        self.observer = observer
    }

    /// Pushes an image.
    ///
    /// - Parameters:
    ///   - image: the image.
    ///   - reference: the name that it gets there.
    ///   - isOCI: whether the manifest is OCI's; as it came if nil.
    ///   - compression: how the layers are compressed; as they came if nil, and with gzip where they are not.
    ///   - registries: what registries.conf says; mirrors get nothing.
    ///   - access: how the registry is reached.
    /// - Returns: the manifest's digest there.
    /// - Throws: `StorageError`.
    public func push(
        _ image: StoredImage, as reference: ImageReference, isOCI: Bool?, compression: Compression? = nil,
        registries: RegistriesConfiguration, access: RegistryAccess
    ) throws -> Digest {
        guard let source = try registries.sources(for: reference).last else {
            throw StorageError.invalid("\(reference): no registry is configured")
        }
        let client = try RegistryClient(source, access, .pushAndPull)
        let layers = try storage.storedLayers(of: image).map { try storage.portable($0, as: compression) }
        let configuration = image.configurationBytes
        var blobs: [ExportedBlob] = []
        for blob in layers.map(\.blob) where !blobs.contains(where: { $0.digest == blob.digest }) {
            blobs.append(blob)
        }
        try push(blobs, client)
        observer(.configuration(image.id))
        try client.upload(
            ExportedBlob(digest: image.id, size: Int64(configuration.count)) { MemorySource(configuration) },
            progress: { _ in })
        let manifest = try image.manifest(for: layers, isOCI: isOCI ?? image.isOCI)
        let digest = try Digest.of(manifest.bytes)
        observer(.manifest(digest))
        try client.upload(manifest: manifest.bytes, manifest.mediaType, as: reference.tag ?? digest.description)
        return digest
    }

    private func push(_ blobs: [ExportedBlob], _ client: RegistryClient) throws {
        try WorkList(count: blobs.count).run(threads: Self.parallelism) { number in
            let blob = blobs[number]
            let isNew = try client.upload(blob) { [observer] done in
                observer(.blob(blob.digest, done: done, size: blob.size))
            }
            observer(isNew ? .blobDone(blob.digest) : .blobExists(blob.digest))
        }
    }
}

extension RegistryClient {
    /// Uploads a blob, unless the registry has it; whether it was uploaded.
    ///
    /// - Throws: `StorageError`.
    @discardableResult
    func upload(_ blob: ExportedBlob, progress: @escaping @Sendable (Int64) -> Void) throws -> Bool {
        let what = "writing blob \(blob.digest) to \(reference.name)"
        let path = "\(reference.repository)/blobs"
        let present = try send("HEAD", "\(path)/\(blob.digest)")
        present.cancel()
        if present.status == 200 { return false }
        progress(0)
        let begun = try send("POST", "\(path)/uploads/")
        guard begun.status == 202 else { throw try failure(begun, what) }
        begun.cancel()
        let place = try uploadPlace(begun, what).adding([("digest", blob.digest.description)])
        guard let place else { throw StorageError.refused("\(what): the registry names no place for it") }
        let body = RequestBody.stream(length: blob.size) {
            CountedSource(try blob.open(), tell: progress)
        }
        let done = try send(
            "PUT", place, headers: [("Content-Type", "application/octet-stream")], body: body)
        guard done.status == 201 || done.status == 204 else { throw try failure(done, what) }
        done.cancel()
        return true
    }

    /// Where an answer wants an upload. The place may be on another host: the content goes there, and what lets us in
    /// here does not. It is as confidential there as here.
    private func uploadPlace(_ begun: HTTPReply, _ what: String) throws(StorageError) -> RegistryURL {
        let location = begun.header("Location") ?? ""
        guard !location.isEmpty, let place = RegistryURL(location, relativeTo: begun.url) else {
            throw .refused("\(what): the registry names no HTTP URL for it: \(location.shown)")
        }
        guard place.origin.scheme == .https || begun.url.origin.scheme == .http else {
            throw .refused("\(what): the registry sends it from https to \(place.origin)")
        }
        guard !place.origin.isForbidden || place.origin == begun.url.origin else {
            throw .refused("\(what): the registry sends it to a link-local address: \(place.origin)")
        }
        return place
    }

    /// Uploads a manifest under a tag or its digest.
    func upload(manifest bytes: [UInt8], _ mediaType: String, as name: String) throws {
        let done = try send(
            "PUT", "\(reference.repository)/manifests/\(name)", headers: [("Content-Type", mediaType)],
            body: .bytes(bytes))
        guard done.status == 201 || done.status == 200 || done.status == 202 else {
            throw try failure(done, "writing manifest to \(reference.name):\(name)")
        }
        done.cancel()
    }
}
