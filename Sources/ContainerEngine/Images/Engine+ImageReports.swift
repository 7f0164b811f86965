internal import ContainerStorage
internal import LinuxSys
public import OCISpec

/// One step of how an image was made.
public struct ImageStep: Sendable {
    /// What the image says of it.
    public var history: ImageConfiguration.History
    /// The layer's digest; nil for a step without one.
    public var layer: Digest?
    /// Bytes of the layer's tar stream.
    public var size: Int64
    /// The id of the image that was whole with this step, if that is here.
    public var image: String?
}

/// A layer of images.
public struct ImageLayer: Sendable {
    /// The digest of its content.
    public var digest: Digest
    /// Bytes of its tar stream.
    public var size: Int64
    /// The names of the images of which it is the last layer.
    public var names: [String]
    /// What is on top of it, if that was asked for.
    public var above: [ImageLayer] = []
}

extension Engine {
    /// How an image was made, newest step first.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func history(_ image: String) throws -> [ImageStep] {
        let record = try self.image(image)
        let configuration = record.configuration
        let family = try ImageFamily(store.database)
        var layers = configuration.rootfs.diffIDs[...]
        var steps: [ImageStep] = []
        var known: Set<String> = []
        // Some images tell nothing of their layers.
        let told = configuration.history ?? configuration.rootfs.diffIDs.map { _ in .init() }
        for history in told.reversed() {
            let layer = history.emptyLayer == true ? nil : layers.last
            let images = layers.isEmpty ? [] : family.images(with: layers)
            let id = steps.isEmpty ? record.id : images.first
            steps.append(
                ImageStep(
                    history: history, layer: layer, size: try layer.map(size) ?? 0,
                    image: id.flatMap { known.insert($0).inserted ? $0 : nil }))
            if layer != nil { layers.removeLast() }
        }
        return steps
    }

    private func names(of image: String) throws -> [String] {
        try store.database.query(
            "SELECT name FROM image_names WHERE image = ?1 AND instr(name, '@') = 0 ORDER BY name", [.text(image)]
        ).map { $0.text(0) }
    }

    /// An image's layers, lowest first.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func layers(_ image: String) throws -> [ImageLayer] {
        let family = try ImageFamily(store.database)
        let layers = try self.image(image).configuration.rootfs.diffIDs
        return try layers.indices.map { try layer(layers[...$0], family) }
    }

    /// An image's last layer, and all that images here have on top of it.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func layersAbove(_ image: String) throws -> [ImageLayer] {
        let layers = try self.image(image).configuration.rootfs.diffIDs
        guard !layers.isEmpty else { return [] }
        let family = try ImageFamily(store.database)
        let tree = try tree(layers, family, family.descendants(of: layers))
        // As Podman, which draws what is on the lowest layer of all beside it.
        guard layers.count == 1 || tree.above.count < 2 else { return [tree] }
        var top = tree
        top.above = []
        return [top] + tree.above
    }

    /// A layer, and what is on top of it; where that is one layer only, that is beside it.
    private func tree(_ layers: [Digest], _ family: ImageFamily, _ chains: [[Digest]]) throws -> ImageLayer {
        var layer = try layer(layers[...], family)
        var next: [Digest] = []
        for chain in chains where chain.count > layers.count && !next.contains(chain[layers.count]) {
            next.append(chain[layers.count])
        }
        for digest in next.sorted(by: { $0.hex < $1.hex }) {
            let inner = try tree(
                layers + [digest], family, chains.filter { $0.count > layers.count && $0[layers.count] == digest })
            guard inner.above.count == 1 else {
                layer.above.append(inner)
                continue
            }
            var alone = inner
            alone.above = []
            layer.above += [alone] + inner.above
        }
        return layer
    }

    private func layer(_ layers: ArraySlice<Digest>, _ family: ImageFamily) throws -> ImageLayer {
        guard let digest = layers.last else { throw EngineError("an image without layers has no top layer") }
        return ImageLayer(
            digest: digest, size: try size(digest), names: try family.images(with: layers).flatMap(names))
    }

    private func size(_ layer: Digest) throws -> Int64 {
        try storage().layers.information(layer)?.size ?? 0
    }
}
