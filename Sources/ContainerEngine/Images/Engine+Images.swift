internal import ContainerStorage
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

extension Engine {
    /// The image with this name, or this id or unique beginning of one.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func image(_ name: String) throws -> ImageRecord {
        guard let record = try imageList(whose: try imageID(name)).first else { throw Self.unknownImage(name) }
        return record
    }

    /// Every image, newest first; only those of a repository or with a name, if one is given.
    public func imageList(named name: String?) throws -> [ImageRecord] {
        var records = try imageList(whose: nil)
        if let name {
            records = records.compactMap { record in
                var record = record
                record.names = record.names.filter { Self.matches($0, name) }
                return record.names.isEmpty ? nil : record
            }
        }
        return records.sorted { ($0.created ?? 0, $0.id) > ($1.created ?? 0, $1.id) }
    }

    /// Whether a full name is what a person means by a shorter one: the same tag, and the same last components.
    private static func matches(_ full: String, _ wanted: String) -> Bool {
        let slash = full.lastIndex(of: "/") ?? full.startIndex
        let repository = full[slash...].lastIndex(of: ":").map { String(full[..<$0]) } ?? full
        let wantedSlash = wanted.lastIndex(of: "/") ?? wanted.startIndex
        let candidate = wanted[wantedSlash...].contains(":") ? full : repository
        return candidate == wanted || candidate.hasSuffix("/\(wanted)")
    }

    private func imageList(whose id: String?) throws -> [ImageRecord] {
        let rows = try store.database.query(
            """
            SELECT i.id, i.manifest_digest, i.config, i.size, i.manifest,
                (SELECT group_concat(name, char(10)) FROM (SELECT name FROM image_names WHERE image = i.id ORDER BY name)),
                (SELECT count(*) FROM containers WHERE image = i.id)
            FROM images i WHERE ?1 IS NULL OR i.id = ?1
            """, [.optional(id)])
        return try rows.map { row in
            let configuration = try JSONDecoder().decode(ImageConfiguration.self, from: Data(row.bytes(2)))
            let manifest = try? JSONDecoder().decode(ManifestType.self, from: Data(row.bytes(4)))  // optional in OCI
            return ImageRecord(
                id: row.text(0), names: row.text(5).split(separator: "\n").map(String.init),
                manifestDigest: row.text(1), manifestType: manifest?.mediaType ?? ImageMediaType.manifest,
                configuration: configuration, size: row.integer(3), containers: Int(row.integer(6)),
                layerPaths: configuration.rootfs.diffIDs.map { "\(paths.root)/layers/\($0.hex)/diff" })
        }
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
        let candidates = try store.database.query("SELECT name, image FROM image_names ORDER BY name")
        let slash = name.lastIndex(of: "/") ?? name.startIndex
        let tagged = name[slash...].contains(":") ? name : "\(name):latest"
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

    private static func unknownImage(_ name: String) -> EngineError {
        EngineError("\(name): image not known", kind: .noSuchImage)
    }

    /// Loads every image of an archive.
    ///
    /// - Parameters:
    ///   - path: a docker-archive, an oci-archive or an OCI layout directory; standard input if nil.
    ///   - progress: is told what is being read and how many bytes of it are done.
    /// - Returns: the images.
    /// - Throws: `StorageError` when the archive is none that can be used; the store is as it was then.
    public func load(_ path: String?, progress: @escaping (String, Int64) -> Void) throws -> [ImageRecord] {
        let lock = try FileLock("\(paths.root)/images.lock")
        defer { lock.release() }
        // The row says that files may lie about that no image has, until the transaction that ends the change.
        let change = try beginStoreChange()
        do {
            let archive = ImageArchive(into: try storage()) { Self.report($0, to: progress) }
            let loaded =
                try path.map { try archive.load(path: $0) }
                ?? archive.load(try StandardStream.duplicate(0), name: "standard input")
            try store.database.transaction {
                for image in loaded { try record(image) }
                try store.database.query("DELETE FROM store_changes WHERE id = ?1", [.integer(change)])
            }
            return try loaded.map { try self.image($0.id.hex) }
        } catch {
            try sweepStore()
            throw error
        }
    }

    private static func report(_ step: ImageProgress, to progress: (String, Int64) -> Void) {
        switch step {
        case .copyingLayer(let diffID, let bytes): progress("Copying blob \(diffID)", bytes)
        case .layerExists(let diffID): progress("Copying blob \(diffID) (already here)", 0)
        case .copyingConfiguration(let digest): progress("Copying config \(digest)", 0)
        case .writingManifest: progress("Writing manifest to image destination", 0)
        }
    }

    private func beginStoreChange() throws -> Int64 {
        try store.database.query(
            "INSERT INTO store_changes (owner) VALUES (?1) RETURNING id", [.text(store.owner)]
        ).first?.integer(0) ?? 0
    }

    private func record(_ image: LoadedImage) throws {
        try store.database.query(
            """
            INSERT INTO images (id, manifest, manifest_digest, config, size, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (id) DO UPDATE SET manifest = ?2, manifest_digest = ?3, size = ?5
            """,
            [
                .text(image.id.hex), .blob(image.manifest), .text(image.manifestDigest.description),
                .blob(image.configurationBytes), .integer(image.size), .integer(Clock.now),
            ])
        for (position, layer) in image.layers.enumerated() {
            try store.database.query(
                "INSERT OR IGNORE INTO image_layers VALUES (?1, ?2, ?3)",
                [.text(image.id.hex), .integer(Int64(position)), .text(layer.description)])
        }
        for name in image.names {
            try store.database.query(
                "INSERT INTO image_names VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET image = ?2",
                [.text(name.description), .text(image.id.hex)])
        }
    }

    /// What `removeImage` did.
    public struct RemovedImage: Sendable {
        /// Names that lead nowhere now.
        public var untagged: [String] = []
        /// The image's id, if the image itself is gone.
        public var deleted: String?
    }

    /// Removes a name, and the image with its last name; or, by id, the image with all its names.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`, or `.inUse` when containers are made of it and `force` is false.
    public func removeImage(_ name: String, force: Bool) throws -> RemovedImage {
        let id = try imageID(name)
        let holders = try store.database.query(
            "SELECT id FROM containers WHERE image = ?1 ORDER BY created", [.text(id)])
        var removed = RemovedImage()
        let names = try store.database.query("SELECT name FROM image_names WHERE image = ?1 ORDER BY name", [.text(id)])
            .map { $0.text(0) }
        let named = names.first { Self.matches($0, name) || $0 == "\(name):latest" || $0.hasSuffix("/\(name):latest") }
        if let named, names.count > 1, !force {
            try store.database.query("DELETE FROM image_names WHERE name = ?1", [.text(named)])
            removed.untagged = [named]
            return removed
        }
        if named == nil && names.count > 1 && !force {
            throw EngineError(
                "unable to delete image \"\(id)\" by ID with more than one tag (\(names.joined(separator: ", "))): "
                    + "please force removal", kind: .inUse)
        }
        for holder in holders {
            guard force else {
                throw EngineError(
                    "image used by \(holder.text(0)): image is in use by a container: "
                        + "remove that container first, or use --force", kind: .inUse)
            }
            try remove(holder.text(0), force: true, timeout: 0, volumes: true)
        }
        let lock = try FileLock("\(paths.root)/images.lock")
        defer { lock.release() }
        do {
            try store.database.transaction {
                _ = try beginStoreChange()
                for table in ["image_names", "image_layers"] {
                    try store.database.query("DELETE FROM \(table) WHERE image = ?1", [.text(id)])
                }
                try store.database.query("DELETE FROM images WHERE id = ?1", [.text(id)])
            }
        } catch let error as DatabaseError where error.isReferenced {
            throw EngineError(
                "image \(name) is in use by a container that was just made: image is in use by a container",
                kind: .inUse)
        }
        removed.untagged = names
        removed.deleted = id
        try sweepStore()
        return removed
    }

    /// Removes files that no image refers to. The caller holds the image lock, so nothing else is being loaded.
    func sweepStore() throws {
        let storage = try storage()
        try storage.sweep()
        let layers = Set(try store.database.query("SELECT DISTINCT diff_id FROM image_layers").map { $0.text(0) })
        for layer in try storage.layers.all() where !layers.contains(layer.description) {
            try storage.layers.remove(layer)
        }
        let blobs = Set(
            try store.database.query("SELECT 'sha256:' || id FROM images UNION SELECT manifest_digest FROM images")
                .map { $0.text(0) })
        for blob in try storage.blobs.all() where !blobs.contains(blob.description) { try storage.blobs.remove(blob) }
        try store.database.query("DELETE FROM store_changes")
    }
}
