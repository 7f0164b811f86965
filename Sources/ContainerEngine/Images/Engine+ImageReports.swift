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
}

extension Engine {
    /// How an image was made, newest step first.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func history(_ image: String) throws -> [ImageStep] {
        let configuration = try self.image(image).configuration
        var layers = configuration.rootfs.diffIDs[...]
        var steps: [ImageStep] = []
        // Some images tell nothing of their layers.
        let told = configuration.history ?? configuration.rootfs.diffIDs.map { _ in .init() }
        for history in told {
            let layer = history.emptyLayer == true ? nil : layers.popFirst()
            steps.append(ImageStep(history: history, layer: layer, size: try layer.map(size) ?? 0))
        }
        return steps.reversed()
    }

    /// An image's layers and their sizes in bytes, lowest first.
    ///
    /// - Throws: `EngineError` of kind `.noSuchImage`.
    public func layers(_ image: String) throws -> [(digest: Digest, size: Int64)] {
        try self.image(image).configuration.rootfs.diffIDs.map { ($0, try size($0)) }
    }

    private func size(_ layer: Digest) throws -> Int64 {
        try storage().layers.information(layer)?.size ?? 0
    }

    /// Removes images that no container uses: those without a name, or all; and what unfinished pulls have left.
    ///
    /// - Returns: the ids of what is gone.
    /// - Throws: what `removeImage` throws.
    public func pruneImages(all: Bool) throws -> [String] {
        var removed: [String] = []
        // What pulls that were cut short have left is of no image.
        try storage().partials.sweep(all: true)
        for image in try imageList(named: nil) where image.containers == 0 {
            guard all || (image.names.isEmpty && image.digestNames.isEmpty) else { continue }
            for name in image.names.dropFirst() { _ = try removeImage(name, force: false) }
            if let id = try removeImage(image.id, force: false).deleted { removed.append(id) }
        }
        return removed
    }
}
