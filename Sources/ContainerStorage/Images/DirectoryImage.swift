internal import OCISpec

/// One image in a directory: a manifest, and each blob beside it under its digest's digits (containers/image,
/// directory/directory_transport.go). It has no name.
enum DirectoryImage {
    static let manifest = "manifest.json"
    static let version = "version"
    static let versionText = "Directory Transport Version: 1.1\n"

    /// Reads the image of the directory; nil if it has no manifest.
    static func plan(_ files: any ImageFiles) throws -> [PlannedImage]? {
        guard try files.size(manifest) != nil else { return nil }
        let bytes = try files.read([manifest], limit: ImageJSON.sizeLimit)[manifest] ?? []
        guard try ImageDocuments.kind(bytes, expected: nil, manifest) == .manifest else {
            throw StorageError.invalid("\(manifest) names several images: only a directory with one can be read")
        }
        return [try OCILayout.image(names: [], .of(bytes), bytes, files, at: path)]
    }

    /// Where a blob is.
    static func path(_ digest: Digest) -> String { digest.hex }

    /// Whether a file of that name is part of an image, so that another image may take its place.
    static func isPart(_ name: [UInt8]) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        return [manifest, version].contains(text) || Digest(.sha256, hex: text) != nil || text.hasPrefix("signature-")
    }
}
