internal import ContainerStorage
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

extension Engine {
    /// The image with this name, or this id or unique beginning of one.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func image(_ name: String) throws -> ImageRecord {
        let id = try imageID(name)
        guard let summary = try summaries(where: "i.id = ?1", [.text(id)]).first,
            let row = try store.database.query("SELECT config, manifest FROM images WHERE id = ?1", [.text(id)]).first
        else { throw Self.unknownImage(name) }
        let configuration = try JSONDecoder().decode(ImageConfiguration.self, from: Data(row.bytes(0)))
        let manifest = try? JSONDecoder().decode(ManifestType.self, from: Data(row.bytes(1)))  // optional in OCI
        return ImageRecord(
            summary: summary, manifestType: manifest?.mediaType ?? ImageMediaType.manifest,
            configuration: configuration,
            layerPaths: configuration.rootfs.diffIDs.map { "\(paths.root)/layers/\($0.hex)/diff" })
    }

    /// The images for which a condition holds, newest first. Indexes hold all of it, so the documents beside them in
    /// the table cost nothing.
    func summaries(where condition: String, _ parameters: [DatabaseValue]) throws -> [ImageSummary] {
        let rows = try store.database.query(
            """
            SELECT i.id, n.name, i.manifest_digest, i.size, i.made, (SELECT count(*) FROM containers WHERE image = i.id)
            FROM images i LEFT JOIN image_names n ON n.image = i.id
            WHERE \(condition) ORDER BY i.made DESC, i.id DESC
            """, parameters)
        var images: [ImageSummary] = []
        images.reserveCapacity(rows.count)
        for row in rows {
            let id = row.text(0)
            if images.last?.id != id {
                images.append(
                    ImageSummary(
                        id: id, names: [], digestNames: [], manifestDigest: row.text(2), size: row.integer(3),
                        created: row.optionalInteger(4), containers: Int(row.integer(5))))
            }
            guard let name = row.optionalText(1) else { continue }
            if name.utf8.contains(UInt8(ascii: "@")) {
                images[images.count - 1].digestNames.append(name)
            } else {
                images[images.count - 1].names.append(name)
            }
        }
        // Here and not in the query, where each image would have a sort of its own.
        for index in images.indices {
            images[index].names.sort()
            images[index].digestNames.sort()
        }
        return images
    }

    private struct ManifestType: Decodable {
        var mediaType: String?
    }

    /// The full id of the image that a person names: by id, by full name, or by the end of a name (`whoami` for
    /// `ghcr.io/larsks/whoami:latest`), as Podman looks among what is here.
    func imageID(_ name: String) throws -> String {
        let bare = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if let id = try store.database.query("SELECT image FROM image_names WHERE name = ?1", [.text(name)]).first {
            return id.text(0)
        }
        if name.contains("@") { return try imageID(byDigest: name) }
        let slash = name.lastIndex(of: "/") ?? name.startIndex
        let tagged = name[slash...].contains(":") ? name : "\(name):latest"
        let last = tagged.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)
        let candidates = try store.database.query(
            "SELECT name, image FROM image_names WHERE last = ?1 ORDER BY name", [.optional(last)])
        if let match = candidates.first(where: { $0.text(0) == tagged || $0.text(0).hasSuffix("/\(tagged)") }) {
            return match.text(1)
        }
        guard bare.count >= 3, bare.utf8.allSatisfy(\.isLowercaseHexDigit) else { throw Self.unknownImage(name) }
        let rows = try store.database.query(
            "SELECT id FROM images WHERE id >= ?1 AND id < ?2 LIMIT 2", [.text(bare), .text(bare + "g")])
        if rows.count > 1 {
            throw EngineError("more than one image has an ID that begins with \(bare): give more digits")
        }
        guard let row = rows.first else { throw Self.unknownImage(name) }
        return row.text(0)
    }

    /// `NAME@DIGEST`: the manifest's digest, or that of the index that it was pulled by.
    private func imageID(byDigest name: String) throws -> String {
        guard let wanted = try ImageReference.candidates(name, search: []).first, let digest = wanted.digest else {
            throw Self.unknownImage(name)
        }
        let rows = try store.database.query(
            """
            SELECT name, image FROM image_names WHERE digest = ?1
            UNION SELECT n.name, n.image FROM images i JOIN image_names n ON n.image = i.id WHERE i.manifest_digest = ?1
            ORDER BY 1
            """, [.text(digest.description)])
        // A short name has become this machine's own.
        let repository = wanted.registry == "localhost" ? "/\(wanted.repository)" : wanted.name
        let match = rows.first { row in
            // The name is one of this database: registry, repository, then a tag or digest.
            let full = row.text(0).split(separator: "@")[0]
            let slash = full.lastIndex(of: "/") ?? full.startIndex
            let name = full[..<(full[slash...].firstIndex(of: ":") ?? full.endIndex)]
            return name == repository || (repository.hasPrefix("/") && name.hasSuffix(repository))
        }
        guard let match else { throw Self.unknownImage(name) }
        return match.text(1)
    }

    private static func unknownImage(_ name: String) -> EngineError {
        EngineError("\(name): image not known", kind: .noSuchImage)
    }

    /// Loads every image of an archive.
    ///
    /// - Parameters:
    ///   - path: a docker-archive, an oci-archive, an OCI layout or a directory with one image; standard input if nil.
    ///   - observer: told what is being done; blobs are named by their content's digest, and their sizes are not known.
    /// - Returns: the images, each with the names that the archive gives it.
    /// - Throws: `StorageError` when the archive is none that can be used; the store is as it was then.
    public func load(_ path: String?, observer: @escaping (TransferEvent) -> Void) throws -> [ImageRecord] {
        let policy = try SignaturePolicy()
        let loaded = try changingStore {
            let archive = ImageArchive(into: try storage(), admit: { try policy.check($0) }) {
                observer(TransferEvent($0))
            }
            return try path.map { try archive.load(path: $0) }
                ?? archive.load(try StandardStream.duplicate(0), name: "standard input")
        } record: { images in
            for image in images { try record(image) }
        }
        return try loaded.map { image in
            var record = try self.image(image.id.hex)
            record.summary.names = image.names.map(\.description)
            return record
        }
    }

    /// Adds files to the store and then, in one transaction, the rows that refer to them. Several commands may do this
    /// at once; files that no image has are removed only while nobody does.
    func changingStore<Result>(_ add: () throws -> Result, record: (Result) throws -> Void) throws -> Result {
        let lock = try FileLock(sharing: "\(paths.root)/images.lock")
        // The row says that files may lie about that no image has, until the transaction that ends the change.
        let change = try beginStoreChange()
        do {
            let added = try add()
            try store.database.transaction {
                try record(added)
                try store.database.query("DELETE FROM store_changes WHERE id = ?1", [.integer(change)])
            }
            lock.release()
            return added
        } catch {
            lock.release()
            try sweepStoreIfFree()
            throw error
        }
    }

    /// Removes files that no image refers to; if others are changing the store, a command after them does.
    private func sweepStoreIfFree() throws {
        guard let lock = try FileLock(ifFree: "\(paths.root)/images.lock") else { return }
        defer { lock.release() }
        try sweepStore()
    }

    private func beginStoreChange() throws -> Int64 {
        try store.database.query(
            "INSERT INTO store_changes (owner) VALUES (?1) RETURNING id", [.text(store.owner)]
        ).first?.integer(0) ?? 0
    }

    func record(_ image: LoadedImage) throws {
        try store.database.query(
            """
            INSERT INTO images (id, manifest, manifest_digest, config, size, created, made)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (id) DO UPDATE SET manifest = ?2, manifest_digest = ?3, size = ?5
            """,
            [
                .text(image.id.hex), .blob(image.manifest), .text(image.manifestDigest.description),
                .blob(image.configurationBytes), .integer(image.size), .integer(Clock.now),
                .optional(image.configuration.created.flatMap { Timestamp($0)?.nanoseconds }),
            ])
        for (name, value) in image.configuration.config?.labels ?? [:] {
            try store.database.query(
                "INSERT OR IGNORE INTO image_labels VALUES (?1, ?2, ?3)",
                [.text(image.id.hex), .text(name), .text(value)])
        }
        for (position, layer) in image.layers.enumerated() {
            try store.database.query(
                "INSERT OR IGNORE INTO image_layers VALUES (?1, ?2, ?3)",
                [.text(image.id.hex), .integer(Int64(position)), .text(layer.description)])
        }
        for name in image.names { try record(name: name.description, of: image.id.hex) }
    }

    /// The name that a person means by what was typed: the whole of one, or the end of one; none if it was an id.
    private static func name(_ typed: String, among names: [String]) -> String? {
        let slash = typed.lastIndex(of: "/") ?? typed.startIndex
        let tagged = typed[slash...].contains(":") ? typed : "\(typed):latest"
        return names.first { $0 == tagged } ?? names.first { $0.hasSuffix("/\(tagged)") }
    }

    /// What `removeImage` did.
    public struct RemovedImage: Sendable {
        /// Names that lead nowhere now.
        public var untagged: [String] = []
        /// The ids of the images that are gone: the one that was meant, and those it was built on.
        public var deleted: [String] = []
    }

    /// Removes a name, and the image with its last name; or, by id and with `force`, the image with all its names.
    ///
    /// `allNames` says that an id means all of the image's names without `force`, too. With an image go those it was
    /// built on, as far as they have no name and nothing else needs them, unless `keepingParents` says otherwise.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`, or `.inUse` when containers are made of it and `force` is false.
    public func removeImage(_ name: String, force: Bool, allNames: Bool = false, keepingParents: Bool = false) throws
        -> RemovedImage
    {
        let id = try imageID(name)
        let holders = try store.database.query(
            "SELECT id FROM containers WHERE image = ?1 ORDER BY created", [.text(id)])
        var removed = RemovedImage()
        let names = try store.database.query(
            "SELECT name FROM image_names WHERE image = ?1 AND instr(name, '@') = 0 ORDER BY name", [.text(id)]
        ).map { $0.text(0) }
        let named = Self.name(name, among: names)
        // As Podman: --force does not take names that nobody named.
        if let named, names.count > 1 {
            try store.database.query("DELETE FROM image_names WHERE name = ?1", [.text(named)])
            removed.untagged = [named]
            return removed
        }
        if named == nil && names.count > 1 && name.contains("@") {
            throw EngineError("\(name): tag not known: the image has other names", kind: .noSuchImage)
        }
        if named == nil && names.count > 1 && !force && !allNames {
            throw EngineError(
                "unable to delete image \"\(id)\" by ID with more than one tag (\(names.joined(separator: ", "))): "
                    + "please force removal", kind: .inUse)
        }
        if try isMounted(id) {
            guard force else {
                throw EngineError(
                    "image \(name) is mounted: unmount it with image unmount first, or use --force", kind: .inUse)
            }
            _ = try unmountImage(id)
        }
        for holder in holders {
            guard force else {
                throw EngineError(
                    "image used by \(holder.text(0)): image is in use by a container: "
                        + "remove that container first, or use --force", kind: .inUse)
            }
            try remove(holder.text(0), force: true, timeout: 0, volumes: true)
        }
        removed.untagged = names
        removed.deleted = keepingParents ? [id] : try [id] + namelessParents(of: id)
        try forget(removed.deleted, name)
        try sweepStoreIfFree()
        return removed
    }

    /// Removes the rows of images, the youngest of which was called so.
    private func forget(_ ids: [String], _ name: String) throws {
        do {
            try store.database.transaction {
                _ = try beginStoreChange()
                for id in ids {
                    for table in ["image_names", "image_labels", "image_layers", "past_image_names"] {
                        try store.database.query("DELETE FROM \(table) WHERE image = ?1", [.text(id)])
                    }
                    try store.database.query("DELETE FROM images WHERE id = ?1", [.text(id)])
                }
            }
        } catch let error as DatabaseError where error.isReferenced {
            throw EngineError(
                "image \(name) is in use by a container that was just made: image is in use by a container",
                kind: .inUse)
        }
    }

    /// Removes files that no image refers to. The caller holds the image lock, so nothing else is being loaded.
    func sweepStore() throws {
        let storage = try storage()
        try storage.sweep()
        let layers = Set(try store.database.query("SELECT DISTINCT diff_id FROM image_layers").map { $0.text(0) })
        for layer in try storage.layers.all() where !layers.contains(layer.description) {
            try storage.layers.remove(layer)
        }
        let blobs = try wantedBlobs()
        for blob in try storage.blobs.all() where !blobs.contains(blob.description) { try storage.blobs.remove(blob) }
        try store.database.query("DELETE FROM store_changes")
    }

    /// The digests of all blobs that are wanted: configurations, manifests, and each layer as it came.
    func wantedBlobs() throws -> Set<String> {
        let documents = try store.database.query(
            "SELECT 'sha256:' || id FROM images UNION SELECT manifest_digest FROM images"
        ).map { $0.text(0) }
        let layers = try storage().layers
        let streams = try layers.all().compactMap { try layers.information($0)?.blobDigest?.description }
        return Set(documents + streams)
    }
}
