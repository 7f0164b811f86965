internal import ContainerNetwork
internal import ContainerRuntime
internal import FoundationEssentials
internal import LinuxSys
internal import WirePrimitives

/// Everything about one container, for `inspect`.
public struct ContainerInspection: Sendable {
    /// The container itself.
    public var record: ContainerRecord
    /// The digest of its image's manifest.
    public var imageDigest: String
    /// Whose networks it is on: itself, or the container whose network it shares.
    public var networkOwner: ContainerSpec
    /// The networks that it is attached to now.
    public var networks: [NetworkInspection]
    /// Where its files are.
    public var paths: ContainerPaths
    /// What its process gets.
    public var process: InspectedProcess
    /// What it takes of the disk, if somebody asked.
    public var size: ContainerSize?
    /// How often its restart policy has started it since a person did.
    public var restarts: Int64
    /// The ids of exec sessions that run.
    public var execSessions: [String]
    /// The OCI runtime's name.
    public var runtimeName: String
    /// Its control group, from the root of each hierarchy.
    public var cgroupPath: String

    /// Where on the host a mount's content is.
    public func source(of mount: MountSpec) -> String {
        switch mount.source {
        case .bind(let path): path
        case .volume(let name), .anonymousVolume(let name): "\(paths.volumes)/\(name)/_data"
        case .tmpfs: ""
        }
    }
}

/// One network of a container.
public struct NetworkInspection: Sendable {
    /// The network's name.
    public var name: String
    /// The first IPv4 address and its prefix length; empty and 0 for none.
    public var address = ""
    /// Bits of the IPv4 prefix.
    public var prefixLength = 0
    /// The IPv4 gateway.
    public var gateway = ""
    /// The first IPv6 address; empty for none.
    public var address6 = ""
    /// Bits of the IPv6 prefix.
    public var prefixLength6 = 0
    /// The IPv6 gateway.
    public var gateway6 = ""
    /// The MAC address of the interface inside.
    public var macAddress = ""
}

/// Where a container's files are.
public struct ContainerPaths: Sendable {
    /// The directory of what must last.
    public var directory: String
    /// The directory of what each start writes: the runtime's bundle.
    var bundle: String
    /// The runtime's configuration.
    public var configuration: String
    /// What it has written.
    public var log: String
    /// Its /etc/hosts.
    public var hosts: String
    /// Its /etc/resolv.conf.
    public var resolvConf: String
    /// Its /etc/hostname.
    public var hostname: String
    /// Its /run/.containerenv.
    var containerEnvironment: String
    /// The first process's id.
    public var pid: String
    /// conmon's process id.
    public var monitorPID: String
    /// The image's layers, the topmost first.
    public var lower: [String]
    /// What it has changed.
    public var upper: String
    /// overlayfs's own.
    public var work: String
    /// The root file system while it runs.
    public var merged: String
    /// Where volumes are.
    public var volumes: String
}

extension EnginePaths {
    func files(of spec: ContainerSpec) -> ContainerPaths {
        let directory = container(spec.id)
        let bundle = bundle(spec.id)
        return ContainerPaths(
            directory: directory, bundle: bundle, configuration: "\(bundle)/config.json", log: log(spec.id),
            hosts: "\(bundle)/hosts", resolvConf: "\(bundle)/resolv.conf", hostname: "\(bundle)/hostname",
            containerEnvironment: "\(bundle)/containerenv", pid: pidFile(spec.id), monitorPID: "\(bundle)/conmon.pid",
            lower: spec.layers.reversed().map { "\(root)/layers/\($0.drop { $0 != ":" }.dropFirst())/diff" },
            upper: "\(directory)/diff", work: "\(directory)/work", merged: rootfs(spec.id), volumes: "\(root)/volumes")
    }
}

extension Engine {
    /// Everything about one container; `size`: also what it takes of the disk, for which all its files are looked at.
    public func inspect(_ reference: String, size: Bool = false) throws -> ContainerInspection {
        let record = refreshed(try store.container(reference))
        let spec = record.spec
        let digest = try store.database.query("SELECT manifest_digest FROM images WHERE id = ?1", [.text(spec.imageID)])
        let owner = try networkOwner(of: spec)
        let sessions = try File.names(in: paths.execSessions(record.id))
        let files = paths.files(of: spec)
        let launcher = try Launcher(self)
        return ContainerInspection(
            record: record, imageDigest: digest.first?.text(0) ?? "", networkOwner: owner,
            networks: try networkInspections(owner.id),
            paths: files, process: try InspectedProcess(spec, launcher, configuration: files.configuration),
            size: size ? try self.size(of: record) : nil, restarts: try restarts(record.id), execSessions: sessions,
            runtimeName: try launcher.runtime(spec.runtime).name, cgroupPath: try ContainerCgroups().path(spec.id))
    }

    private func networkInspections(_ id: String) throws -> [NetworkInspection] {
        try store.database.query(
            "SELECT record, mac FROM run.attachments WHERE container = ?1 ORDER BY sequence", [.text(id)]
        ).map { row in
            var record = try JSONDecoder().decode(AttachmentRecord.self, from: Data(row.bytes(0)))
            if record.lease != nil, let now = leaseKeeper(id, record.networkName).current() {
                (record.lease, record.addresses) = (now, [now.address])
            }
            let definition = try store.attachedDefinition(record.networkName)
            var network = NetworkInspection(name: record.networkName)
            network.macAddress = row.text(1)
            for address in record.addresses {
                let gateway =
                    definition?.subnet(containing: address.address)?.gateway?.description
                    ?? record.lease?.router?.description ?? ""
                switch address.address.family {
                case .ipv4 where network.address.isEmpty:
                    (network.address, network.prefixLength, network.gateway) = (
                        address.address.description, address.prefixLength, gateway
                    )
                case .ipv6 where network.address6.isEmpty:
                    (network.address6, network.prefixLength6, network.gateway6) = (
                        address.address.description, address.prefixLength, gateway
                    )
                case .ipv4, .ipv6: continue
                }
            }
            return network
        }
    }
}

/// Consecutive ports of the host that lead to a container's.
public struct PublishedPorts: Sendable, Hashable {
    /// The host's address; empty for every one.
    public var hostIP: String
    /// The first port of the host.
    public var hostPort: Int
    /// The first port in the container.
    public var containerPort: Int
    /// How many.
    public var range: Int
    /// `tcp`, `udp` or `sctp`.
    public var transport: String
}

extension ContainerSpec {
    /// The published ports, as numbers.
    public var portList: [PublishedPorts] {
        ports.map { mapping in
            PublishedPorts(
                hostIP: mapping.hostIP?.description ?? "", hostPort: Int(mapping.hostPort),
                containerPort: Int(mapping.containerPort), range: Int(mapping.range),
                transport: mapping.protocol.rawValue)
        }
    }

    /// The published ports as `ps` shows them: `0.0.0.0:8080->80/tcp`.
    public var portColumn: String { PortMapping.column(ports) }

    /// Published ports as `port` shows them: the port inside with its protocol, and the address outside.
    public var publishedPorts: [(String, String)] {
        ports.flatMap(\.portLines).map { line in
            let parts = line.split(separator: " -> ", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }
}

extension MountSpec {
    /// The volume's name, or the host's path; empty for a memory file system.
    public var sourceName: String {
        switch source {
        case .bind(let path): path
        case .volume(let name), .anonymousVolume(let name): name
        case .tmpfs: ""
        }
    }

    var isAnonymous: Bool { if case .anonymousVolume = source { true } else { false } }
}

extension NetworkMode {
    /// The networks that a container of this mode is attached to.
    public var networks: [String] { if case .bridge(let names) = self { names } else { [] } }

    /// The containers without which one of this mode cannot run.
    public var dependencies: [String] { if case .container(let id) = self { [id] } else { [] } }
}

extension NetworkDefinition {
    /// The address by which a container on this network reaches its host: the first gateway of a bridge, IPv4 before
    /// IPv6. Elsewhere the gateway is another machine.
    var hostAddress: IPAddress? { isManagedBridge ? gateways.sorted().first : nil }

    /// The host's addresses on the network, where its resolver listens.
    var gateways: [IPAddress] { subnets.compactMap(\.gateway) }
}
