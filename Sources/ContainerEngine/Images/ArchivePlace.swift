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
        case directory = "dir"

        /// Whether it is a directory, not a file.
        var isDirectory: Bool { self == .layout || self == .directory }
    }

    /// What Podman knows beside them.
    private static let unsupported = ["docker-daemon", "containers-storage", "ostree", "sif", "tarball"]
    var transport: Transport
    var path: String
    /// Which image of it, or what the image is called there; the only one, or nothing, if nil.
    var name: ImageReference?
    /// The same as it was written; in OCI's formats it is any text.
    var annotation: String?

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
        // An image that is alone in its directory has no name there.
        let end = transport == .directory ? rest.endIndex : rest.firstIndex(of: ":") ?? rest.endIndex
        path = String(rest[..<end])
        guard !path.isEmpty else { throw EngineError("\(text): a path must follow \(word):") }
        let name = rest[end...].dropFirst()
        guard !name.isEmpty else { return }
        self.name = try ImageReference(local: String(name))
        annotation = transport == .dockerArchive ? self.name?.description : String(name)
    }
}

extension Engine {
    /// Loads an image from an archive or a layout.
    ///
    /// - Throws: `EngineError` when it holds another number of images than one, and none is named; `StorageError`.
    func pull(_ place: ArchivePlace, _ options: PullOptions) throws -> ImageRecord {
        guard place.transport.isDirectory == File.isDirectory(place.path) else {
            throw EngineError("\(place.path) is no \(place.transport.isDirectory ? "directory" : "archive")")
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

    /// Writes an image to an archive or a directory.
    ///
    /// - Returns: the digest of its manifest there; of that here where there is none.
    /// - Throws: as `save`.
    func push(_ record: ImageRecord, _ typed: String, to place: ArchivePlace, _ options: PushOptions) throws -> String {
        var writing = ImageArchiveWriter.Options()
        writing.compresses = options.compresses
        writing.compression = try compression(options)
        writing.isOCI = options.format.map { $0 == .oci }
        let format: ImageArchiveWriter.Format =
            switch place.transport {
            case .dockerArchive: .docker
            case .ociArchive: .oci
            case .layout: .ociDirectory
            case .directory: .dockerDirectory
            }
        // As Podman, whose archives have the name by which the image was asked for, too.
        let own = format == .docker ? name(typed, of: record)?.description : nil
        let names = [place.annotation, own].compactMap { $0 }
        let written = try write(
            [(storedImage(record.id), place.annotation == own ? Array(names.prefix(1)) : names)], to: place.path,
            format, writing,
            options.observer)
        return written?.description ?? record.manifestDigest
    }
}

extension String {
    /// A name of an image in a registry, as it is without `docker://` (containers-transports(5)).
    var withoutRegistryTransport: String { hasPrefix("docker://") ? String(dropFirst(9)) : self }
}
