/// What an image says about itself and how to run it (OCI image-spec, config.md).
///
/// Fields that the specification does not have, and Docker's `Healthcheck`, are ignored.
public struct ImageConfiguration: Codable, Hashable, Sendable {
    /// When it was made: RFC 3339.
    public var created: String?
    /// Who made it.
    public var author: String?
    /// Go's name of the processor: `amd64`.
    public var architecture: String?
    /// Of the processor: `v8`.
    public var variant: String?
    /// Go's name of the system: `linux`.
    public var os: String?
    /// A remark; Docker's own, as are the next two.
    public var comment: String?
    /// The image that it was built on: `sha256:…`.
    public var parent: String?
    /// The container that it was made of: 64 hexadecimal digits.
    public var container: String?
    /// How to run it.
    public var config: Execution?
    /// Its layers.
    public var rootfs: RootFileSystem
    /// How it was made, lowest layer first.
    public var history: [History]?

    /// How to run a container of the image.
    public struct Execution: Codable, Hashable, Sendable {
        /// `user`, `uid`, `user:group`, `uid:gid`; not checked.
        public var user: String?
        /// `80/tcp` and the like.
        public var exposedPorts: Set<String>
        /// `NAME=value`.
        public var environment: [String]
        /// The command's first words.
        public var entrypoint: [String]?
        /// The words after them, or the whole command.
        public var command: [String]?
        /// Paths that want a volume.
        public var volumes: Set<String>
        /// Where the command starts.
        public var workingDirectory: String?
        /// Free texts. They never steer the engine (containerd CVE-2026-53488).
        public var labels: [String: String]?
        /// `SIGTERM`, `15`.
        public var stopSignal: String?

        enum CodingKeys: String, CodingKey {
            case user = "User"
            case exposedPorts = "ExposedPorts"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case volumes = "Volumes"
            case workingDirectory = "WorkingDir"
            case labels = "Labels"
            case stopSignal = "StopSignal"
        }

        /// Nothing said.
        public init() {
            exposedPorts = []
            environment = []
            volumes = []
        }

        /// Reads the fields; `null` is as good as absent, and sets are objects with empty values (Go's form).
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            user = try fields.decodeIfPresent(String.self, forKey: .user)
            exposedPorts = Set(
                try fields.decodeIfPresent([String: Empty].self, forKey: .exposedPorts)?.keys ?? [:].keys)
            environment = try fields.decodeIfPresent([String].self, forKey: .environment) ?? []
            entrypoint = try fields.decodeIfPresent([String].self, forKey: .entrypoint)
            command = try fields.decodeIfPresent([String].self, forKey: .command)
            volumes = Set(try fields.decodeIfPresent([String: Empty].self, forKey: .volumes)?.keys ?? [:].keys)
            workingDirectory = try fields.decodeIfPresent(String.self, forKey: .workingDirectory)
            labels = try fields.decodeIfPresent([String: String].self, forKey: .labels)
            stopSignal = try fields.decodeIfPresent(String.self, forKey: .stopSignal)
        }

        /// Writes Go's form, what is empty left out.
        public func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: CodingKeys.self)
            try fields.encodeIfPresent(user, forKey: .user)
            if !exposedPorts.isEmpty { try fields.encode(Self.object(exposedPorts), forKey: .exposedPorts) }
            if !environment.isEmpty { try fields.encode(environment, forKey: .environment) }
            try fields.encodeIfPresent(entrypoint, forKey: .entrypoint)
            try fields.encodeIfPresent(command, forKey: .command)
            if !volumes.isEmpty { try fields.encode(Self.object(volumes), forKey: .volumes) }
            try fields.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
            try fields.encodeIfPresent(labels, forKey: .labels)
            try fields.encodeIfPresent(stopSignal, forKey: .stopSignal)
        }

        private static func object(_ set: Set<String>) -> [String: Empty] {
            Dictionary(uniqueKeysWithValues: set.map { ($0, Empty()) })
        }
    }

    /// Which layers make the root file system.
    public struct RootFileSystem: Codable, Hashable, Sendable {
        /// `layers`.
        public var type: String
        /// Digests of the layers' tar streams, not compressed, lowest first.
        public var diffIDs: [Digest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }

        /// From the layers' digests.
        public init(diffIDs: [Digest]) {
            type = "layers"
            self.diffIDs = diffIDs
        }
    }

    /// One step of how the image was made.
    public struct History: Codable, Hashable, Sendable {
        /// RFC 3339.
        public var created: String?
        /// The command.
        public var createdBy: String?
        /// Who.
        public var author: String?
        /// A remark.
        public var comment: String?
        /// Whether this step has no layer.
        public var emptyLayer: Bool?

        enum CodingKeys: String, CodingKey {
            case created
            case createdBy = "created_by"
            case author
            case comment
            case emptyLayer = "empty_layer"
        }

        /// A step of which nothing is said.
        public init() {}
    }

    /// A configuration with layers and nothing else.
    public init(rootfs: RootFileSystem) {
        self.rootfs = rootfs
    }
}

/// The `{}` of Go's sets; whatever else stands there is ignored.
private struct Empty: Codable, Hashable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {
        _ = encoder.container(keyedBy: ImageConfiguration.Execution.CodingKeys.self)
    }
}
