public import OCISpec

/// An image whose layers, configuration and manifest are in the storage.
public struct LoadedImage: Sendable, Hashable {
    /// Digest of the configuration; its hex is the image's id.
    public var id: Digest
    /// The names that the archive gives it, in Podman's normal form.
    public var names: [ImageReference]
    /// Digest of the manifest.
    public var manifestDigest: Digest
    /// The manifest's bytes. A docker-archive has none; then it is the one that Podman would make.
    public var manifest: [UInt8]
    /// The configuration's bytes.
    public var configurationBytes: [UInt8]
    /// The configuration.
    public var configuration: ImageConfiguration
    /// Diff ids of the layers, lowest first.
    public var layers: [Digest]
    /// Bytes: what Podman shows as SIZE. The layers' tar streams, the configuration, and the manifest twice,
    /// because containers/storage keeps it under two names.
    public var size: Int64
}

/// What is being done, for whoever shows it.
public enum ImageProgress: Sendable, Hashable {
    /// A layer's content was read so far, in bytes; `diffID` names the layer.
    case copyingLayer(diffID: Digest, bytes: Int64)
    /// A layer is read to its end and is what it should be.
    case layerCopied(diffID: Digest)
    /// A layer is in the storage already; its blob in the archive is only verified.
    case layerExists(diffID: Digest)
    /// The configuration is written.
    case copyingConfiguration(Digest)
    /// The manifest is written.
    case writingManifest(Digest)
}
