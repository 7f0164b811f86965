public import ContainerNetwork

/// What a container was asked to be: everything that `create` decides and `start` needs.
///
/// It is stored as JSON beside the container's row. New fields are optional or have a default, so that what an
/// older version wrote can still be read.
public struct ContainerSpec: Codable, Sendable {
    /// 64 hexadecimal digits.
    public var id = ""
    /// The name, unique among containers.
    public var name = ""
    /// When it was created, in nanoseconds since 1970.
    public var created: Int64 = 0
    /// The image's id, 64 hexadecimal digits; empty for none.
    public var imageID = ""
    /// The image as it was named, fully qualified.
    public var imageName = ""
    /// The image's layers from the lowest up, as diff ids.
    public var layers: [String] = []
    /// ENTRYPOINT, of the image or of `--entrypoint`.
    public var entrypoint: [String] = []
    /// CMD, of the image or from the command line.
    public var command: [String] = []
    /// The whole environment, `NAME=value` each.
    public var environment: [String] = []
    /// The working directory inside.
    public var workingDirectory = "/"
    /// Whether `--workdir` named the working directory: then it must be there; the image's own is made.
    public var namesWorkingDirectory = false
    /// `--user`, or the image's USER, as written; empty for root.
    public var user = ""
    /// The host name inside.
    public var hostname = ""
    /// `-t`: a terminal.
    public var terminal = false
    /// `-i`: standard input stays open.
    public var openStandardInput = false
    /// Labels of image and command line.
    public var labels: [String: String] = [:]
    /// `--privileged`.
    public var privileged = false
    /// `--cap-add`, as written.
    public var capabilitiesToAdd: [String] = []
    /// `--cap-drop`, as written.
    public var capabilitiesToDrop: [String] = []
    /// What it has before those two are looked at; Podman's eleven if nil.
    public var defaultCapabilities: [String]?
    /// The greatest number of processes; 2048 if nil.
    public var pidsLimit: Int64?
    /// `NAME=SOFT:HARD` each, as containers.conf(5) has them.
    public var ulimits: [String]?
    /// `--read-only`.
    public var readOnly = false
    /// The number of the signal that `stop` sends first.
    public var stopSignal: Int32 = 15
    /// Seconds that `stop` waits before it kills.
    public var stopTimeout: Int64 = 10
    /// `--rm`.
    public var autoRemove = false
    /// Volumes and bind mounts, in the order given.
    public var mounts: [MountSpec] = []
    /// Where the network comes from.
    public var network: NetworkMode = .none
    /// What the container wants of each network, by the network's name.
    public var networkOptions: [String: NetworkAttachmentOptions]?
    /// `--dns`, `--dns-search` and `--dns-option`.
    public var resolver: ResolverOptions?
    /// `--add-host`, as written.
    public var addedHosts: [String]?
    /// `--no-hosts`: whether /etc/hosts is the image's.
    public var noHosts: Bool?
    /// Published ports, random ones chosen.
    public var ports: [PortMapping] = []
    /// Those of `ports` whose host ports were chosen here, by index.
    var chosenPorts: [Int]?
    /// The image's EXPOSEd ports and `--expose`: `80/tcp`.
    public var exposedPorts: [String] = []
    /// What it was given beyond the defaults.
    public var settings: ContainerSettings?
    /// The command line that made it.
    public var createCommand: [String] = []
    /// `--cidfile`: where the id was written.
    public var idFile: String?
    /// The OCI runtime's name or path, if one was asked for.
    public var runtime: String?

    /// An empty description, to be filled.
    public init() {}

    /// The process's arguments: ENTRYPOINT, then CMD.
    public var arguments: [String] { entrypoint + command }
}

/// Something mounted into a container.
public struct MountSpec: Codable, Sendable, Hashable {
    /// What is mounted.
    public enum Source: Codable, Sendable, Hashable {
        /// A directory or file of the host, by absolute path.
        case bind(String)
        /// A named volume.
        case volume(String)
        /// A volume made for this container, which goes when `rm -v` or `--rm` removes it.
        case anonymousVolume(String)
        /// An empty memory file system.
        case tmpfs
    }

    /// What is mounted.
    public var source: Source
    /// The absolute path inside.
    public var destination: String
    /// `ro`, `rw`, propagation and the like, as written.
    public var options: [String]

    /// A mount.
    public init(source: Source, destination: String, options: [String] = []) {
        self.source = source
        self.destination = destination
        self.options = options
    }
}

/// How a container resolves names.
public struct ResolverOptions: Codable, Sendable, Hashable {
    /// `--dns`: addresses of servers.
    public var servers: [String] = []
    /// `--dns-search`: domains; `.` for none.
    public var search: [String] = []
    /// `--dns-option`: as resolv.conf(5) has them.
    public var options: [String] = []

    /// No wishes.
    public init() {}

    /// The server that stands for the image's own file.
    static let none = "none"

    /// Whether nothing was asked for.
    public var isEmpty: Bool { servers.isEmpty && search.isEmpty && options.isEmpty }
}

extension ContainerSpec {
    /// Whether /etc/hosts is the image's.
    var keepsImageHosts: Bool { noHosts == true }

    /// Whether /etc/resolv.conf is the image's: nobody could be asked, or `--dns none` says so.
    var keepsImageResolvConf: Bool { network == .none || resolver?.servers == [ResolverOptions.none] }
}
