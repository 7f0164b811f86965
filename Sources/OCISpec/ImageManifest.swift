/// The media types of images, OCI's and Docker's (OCI image-spec, media-types.md; distribution manifest v2-2).
public enum ImageMediaType {
    /// An OCI image manifest.
    public static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// An OCI image index.
    public static let index = "application/vnd.oci.image.index.v1+json"
    /// An OCI image configuration.
    public static let configuration = "application/vnd.oci.image.config.v1+json"
    /// Docker's image manifest, version 2, schema 2.
    public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// Docker's manifest list.
    public static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    /// Docker's image configuration.
    public static let dockerConfiguration = "application/vnd.docker.container.image.v1+json"
    /// Docker's layer. Podman uses this name also for a layer of a docker-archive, which is not compressed.
    public static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    /// The types of one image.
    public static let manifests: Set<String> = [manifest, dockerManifest]
    /// The types of several images under one name.
    public static let indexes: Set<String> = [index, dockerIndex]
}

/// Names a blob: its type, digest and size (OCI image-spec, descriptor.md). `urls` are never read.
public struct ImageDescriptor: Codable, Hashable, Sendable {
    /// What the blob is.
    public var mediaType: String?
    /// Its digest.
    public var digest: Digest
    /// Its length in bytes.
    public var size: Int64
    /// Free texts.
    public var annotations: [String: String]?
    /// In an index: for what machine.
    public var platform: ImagePlatform?

    /// A descriptor from its parts.
    public init(
        mediaType: String?, digest: Digest, size: Int64, annotations: [String: String]? = nil,
        platform: ImagePlatform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}

/// For what machine an image is (OCI image-spec, image-index.md).
public struct ImagePlatform: Codable, Hashable, Sendable {
    /// Go's name of the processor: `amd64`.
    public var architecture: String
    /// Go's name of the system: `linux`.
    public var os: String
    /// Of the processor: `v8`.
    public var variant: String?

    /// A platform from its parts.
    public init(architecture: String, os: String, variant: String? = nil) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
    }
}

extension ImagePlatform {
    #if arch(x86_64)
        /// This machine.
        public static let host = ImagePlatform(architecture: "amd64", os: "linux")
    #elseif arch(arm64)
        /// This machine.
        public static let host = ImagePlatform(architecture: "arm64", os: "linux", variant: "v8")
    #elseif arch(riscv64)
        /// This machine.
        public static let host = ImagePlatform(architecture: "riscv64", os: "linux")
    #elseif arch(powerpc64le)
        /// This machine.
        public static let host = ImagePlatform(architecture: "ppc64le", os: "linux")
    #elseif arch(s390x)
        /// This machine.
        public static let host = ImagePlatform(architecture: "s390x", os: "linux")
    #else
        /// This machine.
        public static let host = ImagePlatform(architecture: "arm", os: "linux", variant: "v7")
    #endif
}

/// One image: its configuration and its layers, lowest first (OCI image-spec, manifest.md).
public struct ImageManifest: Codable, Hashable, Sendable {
    /// 2.
    public var schemaVersion: Int
    /// Which kind of manifest; OCI's may leave it out.
    public var mediaType: String?
    /// The configuration's blob. Its digest is the image's id.
    public var config: ImageDescriptor
    /// The layers' blobs.
    public var layers: [ImageDescriptor]
    /// Free texts.
    public var annotations: [String: String]?

    /// A manifest from its parts.
    public init(mediaType: String?, config: ImageDescriptor, layers: [ImageDescriptor]) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}

/// Several images, one a machine or one a name (OCI image-spec, image-index.md).
public struct ImageIndex: Codable, Hashable, Sendable {
    /// 2.
    public var schemaVersion: Int
    /// Which kind of index.
    public var mediaType: String?
    /// Manifests, or further indexes.
    public var manifests: [ImageDescriptor]
    /// Free texts.
    public var annotations: [String: String]?

    /// An OCI index of these.
    public init(manifests: [ImageDescriptor]) {
        schemaVersion = 2
        mediaType = ImageMediaType.index
        self.manifests = manifests
    }
}

/// One image of a docker-archive's `manifest.json` (moby image/tarexport).
public struct DockerArchiveItem: Codable, Hashable, Sendable {
    /// The configuration's file in the archive.
    public var config: String
    /// `name:tag` texts; nil for an image without a name.
    public var repoTags: [String]?
    /// The layers' files in the archive, lowest first.
    public var layers: [String]

    /// An image from its parts.
    public init(config: String, repoTags: [String]?, layers: [String]) {
        self.config = config
        self.repoTags = repoTags
        self.layers = layers
    }

    /// Go's spelling of the fields.
    public enum CodingKeys: String, CodingKey {
        /// `Config`.
        case config = "Config"
        /// `RepoTags`.
        case repoTags = "RepoTags"
        /// `Layers`.
        case layers = "Layers"
    }
}

/// The kinds of manifest a document can be, told by its fields.
///
/// A document that could be read as two kinds is refused (CVE-2021-41190): whoever checked it as one kind
/// would be deceived by whoever runs it as the other.
public enum ImageDocumentKind: Sendable, Hashable {
    /// One image.
    case manifest
    /// An index.
    case index

    /// Tells the kind by a document's top-level fields and its `mediaType`; `expected` is the type that the
    /// descriptor or the registry announced.
    ///
    /// - Throws: `ImageDocumentError` when fields of two kinds are there, or the types contradict.
    public init(keys: Set<String>, mediaType: String?, expected: String?) throws(ImageDocumentError) {
        let single = !keys.isDisjoint(with: ["config", "layers"])
        let several = keys.contains("manifests")
        if !keys.isDisjoint(with: ["fsLayers", "signatures"]) {
            throw .init("manifests of schema 1 are not supported; save the image again with a newer tool")
        }
        guard single != several else {
            throw .init(
                single
                    ? "ambiguous manifest: it has the fields of an image and of an index"
                    : "neither an image manifest nor an index")
        }
        self = single ? .manifest : .index
        let allowed = single ? ImageMediaType.manifests : ImageMediaType.indexes
        for type in [mediaType, expected] {
            guard let type, !type.isEmpty else { continue }
            guard allowed.contains(type) else {
                throw .init("manifest says it is \(type.prefix(100)), but has the fields of \(self)")
            }
        }
        if let mediaType, let expected, !mediaType.isEmpty, !expected.isEmpty, mediaType != expected {
            throw .init("manifest says it is \(mediaType.prefix(100)), but was announced as \(expected.prefix(100))")
        }
    }
}

/// Why an image's document is refused.
public struct ImageDocumentError: Error, Hashable, CustomStringConvertible, Sendable {
    /// One line.
    public var description: String

    /// An error with its text.
    public init(_ description: String) {
        self.description = description
    }
}
