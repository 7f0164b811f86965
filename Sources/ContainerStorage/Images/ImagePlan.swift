internal import OCISpec

/// A layer as an archive has it.
struct PlannedLayer: Hashable, Sendable {
    /// The file in the archive.
    var file: String
    /// What its content must be, not compressed.
    var diffID: Digest
    /// What its bytes must be, compressed or not, if the format says it.
    var blobDigest: Digest?

    /// Checks that the layer's content is what it should be, as far as it is known.
    func check(diffID: Digest?, blobDigest found: Digest?) throws(StorageError) {
        if let blobDigest, let found, blobDigest != found {
            throw .invalid("layer \(file.shown): its content has digest \(found)")
        }
        if let diffID, diffID != self.diffID {
            throw .invalid("layer \(file.shown): its content is \(diffID), but the configuration says \(self.diffID)")
        }
    }
}

/// An image as an archive has it: all but the layers is read and verified.
struct PlannedImage {
    var names: [ImageReference]
    var id: Digest
    var configuration: ImageConfiguration
    var configurationBytes: [UInt8]
    /// The manifest, if the archive has one.
    var manifest: (digest: Digest, bytes: [UInt8])?
    var layers: [PlannedLayer]
}

extension PlannedImage {
    /// Matches a configuration's diff ids with the archive's layers.
    static func layers(
        _ configuration: ImageConfiguration, _ files: [(file: String, blobDigest: Digest?)], _ what: String
    ) throws(StorageError) -> [PlannedLayer] {
        let diffIDs = configuration.rootfs.diffIDs
        guard diffIDs.count == files.count else {
            throw .invalid("\(what): \(files.count) layers, but the configuration has \(diffIDs.count)")
        }
        // overlayfs takes 500 at most (kernel overlayfs.rst).
        guard files.count <= 500 else { throw .limit("\(what): \(files.count) layers; overlayfs takes 500") }
        if let other = diffIDs.first(where: { $0.algorithm != .sha256 }) {
            throw .invalid("\(what): layer \(other.description.prefix(20))… is not named by SHA-256")
        }
        return zip(diffIDs, files).map { PlannedLayer(file: $1.file, diffID: $0, blobDigest: $1.blobDigest) }
    }
}
