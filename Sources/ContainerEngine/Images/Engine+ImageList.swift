internal import ContainerStorage
internal import LinuxSys

extension Engine {
    /// Every image, newest first.
    ///
    /// - Parameter details: whether labels, parents and former names are wanted, too.
    /// - Returns: the images.
    /// - Throws: `DatabaseError`.
    public func imageList(details: Bool = false) throws -> [ImageSummary] {
        var images = try summaries(where: "1", [])
        // An image without a name may be one that others were built on.
        guard details || images.contains(where: \.isNameless) else { return images }
        let family = try ImageFamily(store.database)
        let withChildren = Set(family.parents.values)
        var labels: [String: [String: String]] = [:]
        var names: [String: [String]] = [:]
        if details {
            for row in try store.database.query("SELECT image, name, value FROM image_labels") {
                labels[row.text(0), default: [:]][row.text(1)] = row.text(2)
            }
            for row in try store.database.query("SELECT image, name FROM past_image_names ORDER BY sequence DESC") {
                names[row.text(0), default: []].append(row.text(1))
            }
        }
        for index in images.indices {
            let id = images[index].id
            images[index].hasChildren = withChildren.contains(id)
            images[index].parent = family.parents[id]
            images[index].labels = labels[id]
            images[index].pastNames = names[id] ?? []
        }
        return images
    }

    /// The image with this name or id, with its parent and its former names.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func imageDetails(_ name: String) throws -> ImageRecord {
        var record = try image(name)
        record.summary.parent = try ImageFamily(store.database).parents[record.id]
        record.summary.pastNames = try store.database.query(
            "SELECT name FROM past_image_names WHERE image = ?1 ORDER BY sequence DESC", [.text(record.id)]
        ).map { $0.text(0) }
        return record
    }

    /// The images that an image was built on, the youngest first, as far as they have no name and nothing else here
    /// needs them.
    func namelessParents(of id: String) throws -> [String] {
        let nameless = """
            SELECT id FROM images i WHERE NOT EXISTS (SELECT 1 FROM image_names WHERE image = i.id)
            AND NOT EXISTS (SELECT 1 FROM containers WHERE image = i.id) AND id != ?1
            """
        let candidates = Set(try store.database.query(nameless, [.text(id)]).map { $0.text(0) })
        guard !candidates.isEmpty else { return [] }
        let parents = try ImageFamily(store.database).parents
        var found: [String] = []
        var child = id
        while let parent = parents[child], candidates.contains(parent), try !isMounted(parent),
            !parents.contains(where: { $0.value == parent && $0.key != child })
        {
            found.append(parent)
            child = parent
        }
        return found
    }

    /// Removes images that no container uses: those without a name, or all; and what unfinished pulls have left.
    ///
    /// - Parameters:
    ///   - all: whether those with a name go, too.
    ///   - matches: which of them.
    /// - Returns: the ids of what is gone.
    /// - Throws: what `removeImage` throws.
    public func pruneImages(all: Bool, where matches: (ImageSummary) -> Bool = { _ in true }) throws -> [String] {
        var removed: [String] = []
        // What pulls that were cut short have left is of no image.
        try storage().partials.sweep(all: true)
        while true {
            let before = removed.count
            for image in try imageList(details: true) where image.containers == 0 && !removed.contains(image.id) {
                guard all || image.isDangling, matches(image) else { continue }
                for name in image.names.dropFirst() { _ = try removeImage(name, force: false) }
                removed += try removeImage(image.id, force: false).deleted
            }
            // What the last of them was built on may have no name, either.
            if removed.count == before { return removed }
        }
    }
}
