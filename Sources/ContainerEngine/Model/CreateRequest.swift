/// What `create` and `run` were asked for, before the image's own settings are mixed in.
public struct CreateRequest: Sendable {
    /// The image: a name, or an id or its beginning.
    public var image: String
    /// `--pull`, `--platform` and what concerns the registry.
    public var pull = PullOptions()
    /// Arguments after the image; the image's CMD if empty.
    public var command: [String] = []
    /// `--name`; made up if nil.
    public var name: String?
    /// `--replace`: a container of that name goes first.
    public var replace = false
    /// Called with the name of the container that was replaced.
    public var onReplaced: (@Sendable (String) -> Void)?
    /// `--hostname`; the first 12 digits of the id if nil.
    public var hostname: String?
    /// `--entrypoint`; the image's if nil, none if empty.
    public var entrypoint: [String]?
    /// `--env`: `NAME=value` each.
    public var environment: [String] = []
    /// Variables that the image's own come before: of `--env-host` and `--http-proxy`.
    public var defaultEnvironment: [String] = []
    /// `--env-merge`: `NAME=value` each, with references to what the image and the host set.
    public var mergedEnvironment: [String] = []
    /// `--workdir`.
    public var workingDirectory: String?
    /// `--user`.
    public var user: String?
    /// `-t`.
    public var terminal = false
    /// `-i`.
    public var openStandardInput = false
    /// `--systemd`, as written.
    public var systemd = "true"
    /// `--label`.
    public var labels: [String: String] = [:]
    /// `--privileged`.
    public var privileged = false
    /// `--cap-add`.
    public var capabilitiesToAdd: [String] = []
    /// `--cap-drop`.
    public var capabilitiesToDrop: [String] = []
    /// `--read-only`.
    public var readOnly = false
    /// `--stop-signal`, by name or number.
    public var stopSignal: String?
    /// `--stop-timeout`, in seconds.
    public var stopTimeout: Int64?
    /// `--rm`.
    public var autoRemove = false
    /// `--volume` and `--tmpfs`; image volumes are added.
    public var mounts: [MountRequest] = []
    /// `--image-volume`.
    public var imageVolumes = ImageVolumes.anonymous
    /// `--network`, as written, once each; `bridge` if there is none.
    public var networks: [String] = []
    /// `--ip`, `--ip6`, `--mac-address` and `--network-alias`.
    public var networkOptions: [NetworkOption] = []
    /// `--dns`, `--dns-search` and `--dns-option`.
    public var resolver = ResolverOptions()
    /// `--add-host`: `NAME:ADDRESS` each.
    public var addedHosts: [String] = []
    /// `--no-hosts`.
    public var noHosts = false
    /// `--publish`, one mapping each.
    public var publish: [String] = []
    /// `--publish-all`.
    public var publishAll = false
    /// `--expose`, as written.
    public var expose: [String] = []
    /// Limits, namespaces, devices and the like.
    public var settings = ContainerSettings()
    /// `--pids-limit`: none if 0 or less.
    public var pidsLimit: Int64?
    /// `--ulimit`, as written.
    public var ulimits: [String] = []
    /// `--pid`, `--ipc`, `--uts` and `--cgroupns`, as written, by the namespace's kind.
    public var namespaces: [String: String] = [:]
    /// `--volumes-from`, as written.
    public var volumesFrom: [String] = []
    /// `run --preserve-fds`: how many of this process's descriptors, from 3 on, the first run's process gets.
    public var passedDescriptors: Int32 = 0
    /// `--cidfile`.
    public var idFile: String?
    /// The command line, for `inspect`.
    public var createCommand: [String] = []
    /// `--runtime`.
    public var runtime: String?

    /// A request for an image, with every default.
    public init(image: String) {
        self.image = image
    }
}

/// `--image-volume`: what the directories are that the image declares as volumes.
public enum ImageVolumes: Sendable {
    /// A new volume each.
    case anonymous
    /// Memory file systems.
    case memory
    /// Directories like others.
    case ignored
}

/// An option of a container's attachment that is given beside `--network`.
public struct NetworkOption: Sendable, Hashable {
    /// The flag, without dashes.
    public var flag: String
    /// The option that it stands for, as `NetworkAttachmentOptions.set` knows it.
    public var key: String
    /// Its value, as written.
    public var value: String
    /// Whether it may be given with several networks, for all of them.
    public var isForEveryNetwork: Bool

    /// The value of a flag.
    public init(flag: String, key: String, value: String, isForEveryNetwork: Bool = false) {
        self.flag = flag
        self.key = key
        self.value = value
        self.isForEveryNetwork = isForEveryNetwork
    }
}

/// One `--volume` or `--tmpfs`, parsed but not looked up.
public struct MountRequest: Sendable, Hashable {
    /// The host's path, or a volume's name; nil for an anonymous volume.
    public var source: String?
    /// The absolute path inside.
    public var destination: String
    /// The options, as written.
    public var options: [String]
    /// Whether it is a `--tmpfs`.
    public var isTmpfs = false

    private static let knownOptions: Set<String> = [
        "rw", "ro", "z", "Z", "exec", "noexec", "dev", "nodev", "suid", "nosuid", "bind", "rbind", "private",
        "rprivate",
        "shared", "rshared", "slave", "rslave", "unbindable", "runbindable", "copy", "nocopy", "U",
    ]
    /// What Podman has and this engine has not.
    private static let missingOptions = ["O", "idmap", "upperdir", "workdir", "noswap", "volume-opt"]
    /// What `--tmpfs` takes besides propagations, and what tmpfs(5) takes with a value.
    private static let tmpfsOptions: Set<String> = [
        "rw", "ro", "exec", "noexec", "dev", "nodev", "suid", "nosuid", "tmpcopyup", "notmpcopyup", "private",
        "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
    ]
    private static let tmpfsValues: Set<Substring> = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"]

    /// A mount, parsed.
    public init(source: String?, destination: String, options: [String] = [], isTmpfs: Bool = false) {
        self.source = source
        self.destination = destination
        self.options = options
        self.isTmpfs = isTmpfs
    }

    /// Parses `--volume`: `[SOURCE:]DESTINATION[:OPTIONS]`.
    ///
    /// - Throws: `EngineError` that names the text and what is wrong with it.
    public init(volume text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: (source, destination, options) = (nil, parts[0], [])
        case 2 where parts[1].hasPrefix("/") || parts[1].isEmpty:
            (source, destination, options) = (parts[0], parts[1], [])
        case 2: (source, destination, options) = (nil, parts[0], Self.options(parts[1]))
        case 3: (source, destination, options) = (parts[0], parts[1], Self.options(parts[2]))
        default:
            throw EngineError("incorrect volume format \"\(text)\", should be [host-dir:]ctr-dir[:option]")
        }
        if source?.isEmpty == true { throw EngineError("host directory cannot be empty") }
        if destination.isEmpty { throw EngineError("container directory cannot be empty") }
        guard destination.hasPrefix("/") else {
            throw EngineError("invalid container path \"\(destination)\", must be an absolute path")
        }
        try Self.check(options, in: text)
    }

    /// Parses `--tmpfs`: `DESTINATION[:OPTIONS]`.
    public init(tmpfs text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        destination = parts[0]
        options = parts.count > 1 ? Self.options(parts[1]) : []
        source = nil
        isTmpfs = true
        guard destination.hasPrefix("/") else {
            throw EngineError("invalid container path \"\(destination)\", must be an absolute path")
        }
        try Self.check(tmpfs: options)
    }

    private static func check(tmpfs options: [String]) throws {
        for option in options where !tmpfsOptions.contains(option) {
            guard let equals = option.firstIndex(of: "="), tmpfsValues.contains(option[..<equals]) else {
                throw EngineError("unknown mount option \"\(option)\": invalid mount option")
            }
        }
    }

    private static func options(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    private static func check(_ options: [String], in text: String) throws {
        if let unknown = options.first(where: { !knownOptions.contains($0) }) {
            let name = unknown.prefix { $0 != "=" }
            guard !missingOptions.contains(String(name)) else {
                throw EngineError("option \"\(name)\" in volume \"\(text)\" is not there yet")
            }
            throw EngineError("invalid option type \"\(unknown)\" in volume \"\(text)\"")
        }
        if options.contains("ro") && options.contains("rw") {
            throw EngineError("cannot use both ro and rw in volume \"\(text)\"")
        }
    }
}
