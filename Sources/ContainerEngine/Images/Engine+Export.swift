internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

/// How images are given to a registry.
public struct PushOptions: Sendable {
    /// Which kind of manifest.
    public enum Format: String, Sendable, CaseIterable {
        /// OCI's.
        case oci
        /// Docker's schema 2.
        case v2s2
    }

    /// The manifest's kind; as the image came if nil.
    public var format: Format?
    /// Whether layers that are not compressed are compressed in a directory.
    public var compresses = false
    /// How layers are compressed: `gzip` or `zstd`; as they came if nil, and with gzip where they are not.
    public var compression: String?
    /// How the registry is reached.
    public var registry = RegistryOptions()
    /// Told what is being done, from several threads.
    public var observer: @Sendable (TransferEvent) -> Void = { _ in }

    /// Every default.
    public init() {}
}

extension Engine {
    // MARK: Names

    /// Gives an image more names.
    ///
    /// - Throws: `EngineError` for an image that is not here, `ImageReferenceError` for what is no name.
    public func tag(_ image: String, as names: [String]) throws {
        let id = try imageID(image)
        let references = try names.map { try ImageReference(local: $0) }
        if let digest = references.first(where: { $0.digest != nil }) {
            throw EngineError("\(digest): tag by digest not supported: give a name with a tag")
        }
        try store.database.transaction {
            for reference in references { try record(name: reference.description, of: id) }
        }
    }

    func record(name: String, of id: String) throws {
        try store.database.query(
            "INSERT INTO image_names VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET image = ?2",
            [.text(name), .text(id)])
        guard !name.contains("@") else { return }
        // The newest row tells the newest name.
        try store.database.query(
            "INSERT OR REPLACE INTO past_image_names (image, name) VALUES (?1, ?2)", [.text(id), .text(name)])
    }

    /// Takes names away from an image: those given, or all. The image itself stays.
    ///
    /// - Throws: `EngineError` for an image that is not here, or a name that is not its own.
    public func untag(_ image: String, _ names: [String]) throws {
        let record = try self.image(image)
        let references = try names.map { try ImageReference(local: $0).description }
        for reference in references where !record.names.contains(reference) {
            throw EngineError("\(reference): tag not known", kind: .noSuchImage)
        }
        try store.database.transaction {
            for name in names.isEmpty ? record.names + record.digestNames : references {
                try store.database.query(
                    "DELETE FROM image_names WHERE name = ?1 AND image = ?2", [.text(name), .text(record.id)])
            }
        }
    }

    /// The name that a person means by what was typed: a name of the image, or none if an id was typed.
    func name(_ typed: String, of record: ImageRecord) -> ImageReference? {
        // Names of this database are references; one that is damaged is as good as none.
        let names = record.names.compactMap { try? ImageReference(parsing: $0) }
        let ends = [typed, "\(typed):latest"]
        return names.first { name in
            ends.contains { name.description == $0 || name.description.hasSuffix("/\($0)") }
        }
    }

    func storedImage(_ id: String) throws -> StoredImage {
        guard
            let row = try store.database.query("SELECT config, manifest FROM images WHERE id = ?1", [.text(id)]).first
        else { throw EngineError("\(id): image not known", kind: .noSuchImage) }
        return try StoredImage(configuration: row.bytes(0), manifest: row.bytes(1))
    }

    // MARK: Registries

    /// Gives an image to a registry.
    ///
    /// - Parameters:
    ///   - image: its name or id.
    ///   - destination: the name that it gets there, with or without `docker://`; its own if nil. It can be an archive,
    ///     too, `docker-archive:PATH[:NAME]` or `oci-archive:PATH[:NAME]`, or a directory: `oci:PATH[:NAME]`, `dir:PATH`.
    ///   - options: how.
    /// - Returns: the manifest's digest there.
    /// - Throws: `EngineError` or `StorageError`, one line.
    public func push(_ image: String, to destination: String?, _ options: PushOptions) throws -> String {
        let record = try self.image(image)
        try SignaturePolicy().check(.storage(record.id))
        if let place = try destination.flatMap({ try ArchivePlace($0) }) {
            return try push(record, image, to: place, options)
        }
        let target: ImageReference
        if let destination {
            let text = destination.withoutRegistryTransport
            let reference = try ImageReference(parsing: text)
            target = reference.tag == nil && reference.digest == nil ? reference.with(tag: "latest") : reference
        } else if let own = name(image, of: record) {
            target = own
        } else {
            throw EngineError("\(image) is an image's id: give the name that it gets in the registry, too")
        }
        let lock = try FileLock(sharing: "\(paths.root)/images.lock")
        defer { lock.release() }
        let pusher = ImagePusher(from: try storage()) { [observer = options.observer] in observer(TransferEvent($0)) }
        return try pusher.push(
            storedImage(record.id), as: target, isOCI: options.format.map { $0 == .oci },
            compression: compression(options),
            registries: RegistriesConfiguration(), access: options.registry.access
        ).description
    }

    /// How layers are compressed for a push.
    ///
    /// - Throws: `EngineError` for what registries do not take.
    func compression(_ options: PushOptions) throws -> Compression? {
        guard let word = options.compression else { return nil }
        guard let known = ["gzip": Compression.gzip, "zstd": .zstd][word] else {
            throw EngineError("compression format \(word) is not supported: use gzip or zstd")
        }
        guard known == .gzip || options.format != .v2s2 else {
            throw EngineError("Docker's manifests know no zstd: use --format oci")
        }
        return known
    }

    // MARK: Archives

    /// Writes images to an archive or a directory.
    ///
    /// - Parameters:
    ///   - images: names or ids; a name is kept in the archive, an id leaves the image without one.
    ///   - isMultiple: whether those after the first are images, too, and not more names of it.
    ///   - path: the file, which must not be there, or be empty, a pipe or a device; standard output if nil. A directory
    ///     may be there.
    ///   - format: `docker-archive`, `oci-archive`, `docker-dir` or `oci-dir`.
    ///   - compresses: whether layers that are not compressed are compressed in a `docker-dir`.
    ///   - keepsUncompressed: whether they stay so in OCI's formats.
    ///   - observer: told what is being done.
    /// - Throws: `EngineError` or `StorageError`; no file is left then.
    public func save(
        _ images: [String], isMultiple: Bool, to path: String?, format: String, compresses: Bool = false,
        keepsUncompressed: Bool = false, observer: @escaping (TransferEvent) -> Void
    ) throws {
        guard let format = ImageArchiveWriter.Format(rawValue: format) else {
            throw EngineError(
                "unknown format \"\(format)\": format value must be one of "
                    + ImageArchiveWriter.Format.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var options = ImageArchiveWriter.Options()
        options.compresses = compresses
        options.keepsUncompressed = keepsUncompressed
        if format == .dockerDirectory { options.isOCI = false }
        let policy = try SignaturePolicy()
        var chosen: [(image: StoredImage, names: [String])] = []
        for typed in isMultiple ? images : Array(images.prefix(1)) {
            let record = try image(typed)
            try policy.check(.storage(record.id))
            let own = name(typed, of: record).map { [$0.description] } ?? []
            if let known = chosen.firstIndex(where: { $0.image.id.hex == record.id }) {
                chosen[known].names += own
            } else {
                chosen.append((try storedImage(record.id), own))
            }
        }
        if !isMultiple {
            let more = try images.dropFirst().map { try ImageReference(local: $0).description }
            for name in more where !chosen[0].names.contains(name) { chosen[0].names.append(name) }
        }
        try write(chosen, to: path, format, options, observer)
    }

    @discardableResult
    func write(
        _ chosen: [(image: StoredImage, names: [String])], to path: String?,
        _ format: ImageArchiveWriter.Format, _ options: ImageArchiveWriter.Options,
        _ observer: @escaping (TransferEvent) -> Void
    ) throws -> Digest? {
        let lock = try FileLock(sharing: "\(paths.root)/images.lock")
        defer { lock.release() }
        if format.isDirectory {
            guard let path else { throw EngineError("\(format.rawValue) is a directory: name it with --output") }
            guard format != .dockerDirectory || chosen.count == 1 else {
                throw EngineError("a directory of format docker-dir has one image; \(chosen.count) were named")
            }
            var writer = try ImageArchiveWriter(from: storage(), in: path, format) { observer(TransferEvent($0)) }
            try writer.write(chosen, format, options)
            return writer.manifestDigest
        }
        // A pipe, a device and an empty file are written to; they are not this command's to remove.
        let isNew = path.map { !File.exists($0) } ?? false
        let file = try path.map { try Self.output($0) } ?? StandardStream.duplicate(1)
        do {
            var writer = try ImageArchiveWriter(from: storage(), to: file) { observer(TransferEvent($0)) }
            try writer.write(chosen, format, options)
            return writer.manifestDigest
        } catch {
            // The first error is the one to tell.
            if let path, isNew { try? File.remove(path) }
            throw error
        }
    }

    private static func output(_ path: String) throws -> OwnedFD {
        do throws(Errno) {
            do throws(Errno) {
                return try OwnedFD.open(path, [.write, .create, .exclusive], mode: 0o644)
            } catch .fileExists {
                let file = try OwnedFD.open(path, .write)
                let status = try file.status()
                guard status.type != .regular || status.size == 0 else { throw .fileExists }
                return file
            }
        } catch {
            throw EngineError("\(path): \(error)")
        }
    }
}
