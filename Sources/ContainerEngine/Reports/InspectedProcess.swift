internal import ContainerRuntime
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// What a container's process gets: as the runtime was told at its last start, or as it would be told now.
public struct InspectedProcess: Sendable {
    /// The whole environment, `NAME=value` each.
    public var environment: [String]
    /// The capabilities that it has, sorted.
    public var effectiveCapabilities: [String]
    /// The capabilities that it may reach, sorted.
    public var boundingCapabilities: [String]
    /// What Podman's list says was added to the usual capabilities.
    public var addedCapabilities: [String]
    /// What was taken from the usual capabilities.
    public var droppedCapabilities: [String]
    /// Limits by name, as `RLIMIT_NOFILE`.
    public var limits: [(name: String, soft: UInt64, hard: UInt64)]
    /// The annotations in the runtime's configuration.
    public var annotations: [String: String]

    /// The part of the runtime's configuration that is of interest here.
    private struct Configuration: Decodable {
        var process: RuntimeProcess
        var annotations: [String: String]?
    }

    init(_ spec: ContainerSpec, _ launcher: Launcher, configuration path: String) throws {
        let host = try HostFacts(devices: false)
        let process: RuntimeProcess
        // There is none before the first start, and half of one while somebody starts it.
        if let bytes = try? File.read(path),
            let written = try? JSONDecoder().decode(Configuration.self, from: Data(bytes))
        {
            process = written.process
            annotations = written.annotations ?? [:]
        } else {
            let planned = try RuntimeConfiguration(of: launcher.outline(spec), on: host)
            process = planned.process
            annotations = planned.annotations
        }
        environment = process.env
        effectiveCapabilities = (process.capabilities?.effective ?? []).sorted()
        boundingCapabilities = (process.capabilities?.bounding ?? []).sorted()
        limits = (process.rlimits ?? []).map { ($0.type, $0.soft, $0.hard) }
        let bounding = Set(boundingCapabilities)
        let usual =
            spec.privileged
            ? Set(host.capabilities.map(\.description))
            : Set(spec.defaultCapabilities ?? Capability.defaults.map(\.description))
        // As Podman: of a privileged container, which has all there are, nothing was added.
        addedCapabilities = spec.privileged ? [] : bounding.subtracting(usual).sorted()
        droppedCapabilities = usual.subtracting(bounding).sorted()
    }
}

extension Launcher {
    /// The configuration of a container that never ran. Its user is known by number only: names are in its files,
    /// which are not mounted; and what is found at the start is not in its environment yet, as in Podman.
    fileprivate func outline(_ spec: ContainerSpec) -> ContainerBlueprint {
        var blueprint = basis(spec, network: .host)
        blueprint.hostname = nil
        blueprint.home = nil
        let name = spec.user.prefix { $0 != ":" }
        let isRoot = name.isEmpty || name == "root" || UInt32(name) == 0
        blueprint.user = RuntimeUser(uid: isRoot ? 0 : UInt32(name) ?? .max, gid: 0)
        return blueprint
    }
}

extension MountSpec {
    /// The options that the runtime gets: what was asked for, and what that leaves open.
    public var effectiveOptions: [String] { runtimeMount.options }

    private var runtimeMount: RuntimeMount {
        // Where a directory of the host lies does not matter to the options that are shown.
        let source: ContainerMount.Source =
            switch source {
            case .bind(let path): .bind(path, [])
            case .volume(let name), .anonymousVolume(let name): .volume(name)
            case .tmpfs: .tmpfs
            }
        return ContainerMount(source, at: destination, options: options).runtimeMount
    }
}

extension ContainerSpec {
    /// Memory file systems by destination, with their options: those asked for, and those of a read-only root.
    public var memoryFileSystems: [String: [String]] {
        let destinations = Set(mounts.map(\.destination))
        let usual = readOnly ? ["/run", "/tmp", "/var/tmp"].filter { !destinations.contains($0) } : []
        let all = mounts.filter { $0.source == .tmpfs } + usual.map { MountSpec(source: .tmpfs, destination: $0) }
        return Dictionary(all.map { ($0.destination, $0.effectiveOptions) }) { $1 }
    }

    /// Volumes and directories of the host, volumes first, as Podman lists them.
    public var inspectedMounts: [MountSpec] {
        let kept = mounts.filter { $0.source != .tmpfs }
        return kept.filter(\.isVolume) + kept.filter { !$0.isVolume }
    }
}

extension MountSpec {
    /// Whether it is a volume, not a directory of the host.
    public var isVolume: Bool {
        switch source {
        case .volume, .anonymousVolume: true
        case .bind, .tmpfs: false
        }
    }
}
