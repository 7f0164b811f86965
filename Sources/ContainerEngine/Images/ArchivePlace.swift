internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

/// A place that is no registry, as images' names can say it: `TRANSPORT:PATH[:NAME]` (containers-transports(5)).
struct ArchivePlace: Hashable, Sendable {
    /// What lies there.
    enum Transport: String, CaseIterable, Sendable {
        case dockerArchive = "docker-archive"
        case ociArchive = "oci-archive"
        case layout = "oci"
    }

    /// What Podman knows beside them.
    private static let unsupported = ["dir", "docker-daemon", "containers-storage", "ostree", "sif", "tarball"]
    var transport: Transport
    var path: String
    /// Which image of it, or what the image is called there; the only one, or nothing, if nil.
    var name: ImageReference?

    /// Reads a place; nil for what is a registry's, or a name alone.
    ///
    /// - Throws: `EngineError` for a transport that is not supported, or a place without a path.
    init?(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let word = String(text[..<colon])
        guard let transport = Transport(rawValue: word) else {
            guard Self.unsupported.contains(word) else { return nil }
            throw EngineError(
                "\(text): transport \(word) is not supported: use "
                    + Transport.allCases.map(\.rawValue).joined(separator: ", ") + ", or a registry")
        }
        self.transport = transport
        let rest = text[text.index(after: colon)...]
        let end = rest.firstIndex(of: ":") ?? rest.endIndex
        path = String(rest[..<end])
        guard !path.isEmpty else { throw EngineError("\(text): a path must follow \(word):") }
        let name = rest[end...].dropFirst()
        if !name.isEmpty { self.name = try ImageReference(local: String(name)) }
    }
}

extension Engine {
    /// Loads an image from an archive or a layout.
    ///
    /// - Throws: `EngineError` when it holds another number of images than one, and none is named; `StorageError`.
    func pull(_ place: ArchivePlace, _ options: PullOptions) throws -> ImageRecord {
        guard (place.transport == .layout) == File.isDirectory(place.path) else {
            throw EngineError("\(place.path) is no \(place.transport == .layout ? "directory" : "archive")")
        }
        let loaded = try load(place.path) { options.observer($0) }
        let wanted = place.name.map { name in loaded.filter { $0.names.contains(name.description) } } ?? loaded
        guard let found = wanted.first, wanted.count == 1 else {
            throw EngineError(
                wanted.isEmpty
                    ? "\(place.path) has no image \(place.name?.description ?? "")"
                    : "\(place.path) has \(wanted.count) images: name one of them, or use load")
        }
        return found
    }

    /// Writes an image to an archive.
    ///
    /// - Returns: the digest of its manifest here.
    /// - Throws: as `save`.
    func push(_ record: ImageRecord, to place: ArchivePlace, _ options: PushOptions) throws -> String {
        guard place.transport != .layout else {
            throw EngineError("pushing to an OCI layout directory is not supported: use oci-archive")
        }
        try write(
            [(storedImage(record.id), place.name.map { [$0] } ?? [])], to: place.path,
            place.transport == .ociArchive ? .oci : .docker, options.observer)
        return record.manifestDigest
    }
}
