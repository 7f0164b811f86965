internal import ContainerStorage
public import OCISpec

/// How a registry is reached, as far as a command says it.
public struct RegistryOptions: Sendable {
    /// `--authfile`: where credentials are stored; Podman's and Docker's own places if nil.
    public var credentialFile: String?
    /// `--creds`: a name and a password instead of what is stored.
    public var credentials: (username: String, password: String)?
    /// `--cert-dir`: certificates instead of `certs.d`.
    public var certificateDirectory: String?
    /// `--tls-verify`; what registries.conf says if nil.
    public var verifiesTLS: Bool?

    /// As the machine is configured.
    public init() {}

    var access: RegistryAccess {
        var access = RegistryAccess()
        access.credentialFile = credentialFile
        access.credentials = credentials.map { RegistryCredentials(username: $0.username, password: $0.password) }
        access.certificateDirectory = certificateDirectory
        access.verifiesTLS = verifiesTLS
        return access
    }
}

/// How an image is pulled.
public struct PullOptions: Sendable {
    /// Whether a registry is asked at all.
    public enum Policy: String, Sendable, CaseIterable {
        /// Always.
        case always
        /// If the image is not here.
        case missing
        /// Always; an image that is here will do if it is the registry's, or none answers.
        case newer
        /// Never.
        case never
    }

    /// When a registry is asked.
    public var policy = Policy.missing
    /// For what machine; this one if nil.
    public var platform: ImagePlatform?
    /// How it is reached.
    public var registry = RegistryOptions()
    /// Asks a person which of several images a name without a registry means; nil if there is nobody to ask.
    public var choose: (@Sendable ([String]) throws -> String)?
    /// Told what is being done, from several threads.
    public var observer: @Sendable (TransferEvent) -> Void = { _ in }

    /// Every default.
    public init() {}
}

/// What a transfer between a registry and this machine is doing. Blobs are named by their digests.
public enum TransferEvent: Sendable, Hashable {
    /// A name is asked for.
    case trying(String)
    /// A sentence about how a name was found.
    case note(String)
    /// So many bytes of a blob are transferred; the size is 0 where nobody knows it.
    case blob(String, done: Int64, size: Int64)
    /// A blob is where it should be.
    case blobDone(String)
    /// A blob was there already.
    case blobExists(String)
    /// The configuration is transferred.
    case configuration(String)
    /// The manifest is written.
    case manifest(String)
    /// Something that a person should know.
    case warning(String)

    init(_ step: ImageProgress) {
        switch step {
        case .copyingLayer(let diffID, let bytes): self = .blob(diffID.description, done: bytes, size: 0)
        case .layerCopied(let diffID): self = .blobDone(diffID.description)
        case .layerExists(let diffID): self = .blobExists(diffID.description)
        case .copyingConfiguration(let digest): self = .configuration(digest.description)
        case .writingManifest(let digest): self = .manifest(digest.description)
        }
    }

    init(_ step: TransferStep) {
        switch step {
        case .trying(let name): self = .trying(name)
        case .blob(let digest, let done, let size): self = .blob(digest.description, done: done, size: size)
        case .blobDone(let digest): self = .blobDone(digest.description)
        case .blobExists(let digest): self = .blobExists(digest.description)
        case .configuration(let digest): self = .configuration(digest.description)
        case .manifest(let digest): self = .manifest(digest.description)
        case .warning(let text): self = .warning(text)
        }
    }
}
