internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension Engine {
    /// Whose network a container has: its own, or that of the container that `--network container:…` names in the end.
    func networkOwner(of spec: ContainerSpec) throws -> ContainerSpec {
        var owner = spec
        while case .container(let id) = owner.network, let next = try store.container(id: id)?.spec { owner = next }
        return owner
    }

    /// The address by which a container on these networks reaches its host.
    func hostAddress(_ networks: [NetworkIntent]) throws -> IPAddress? {
        try networks.lazy.compactMap(\.definition.hostAddress).first ?? HostAddress.first()
    }

    /// Takes a container's line out of the hosts file that it shares.
    func leaveSharedNames(_ spec: ContainerSpec) throws {
        guard case .container = spec.network else { return }
        let owner = try networkOwner(of: spec)
        let lock = try networkLock()
        defer { lock.release() }
        try SharedHostsFile(paths.files(of: owner).hosts).remove(spec)
    }
}

/// The hosts file of a container, which others may share with its network. The caller holds the network's lock.
struct SharedHostsFile {
    /// Of the line of a container that has no address of its own.
    static let addresses = IPAddress("127.0.0.1").map { [$0] } ?? []
    private let path: String

    init(_ path: String) { self.path = path }

    /// Adds the line of one that shares it, as Podman does.
    func add(_ spec: ContainerSpec) throws {
        try edit(spec) { HostsFile.adding($1, names: $2, isFirst: true, to: $0) }
    }

    /// Removes that line.
    func remove(_ spec: ContainerSpec) throws {
        guard File.exists(path) else { return }
        try edit(spec) { HostsFile.removing($1, names: $2, from: $0) }
    }

    /// Gives the lines of a container, which has these addresses, its name as it is now.
    func rename(_ spec: ContainerSpec, at addresses: [IPAddress]) throws {
        guard File.exists(path) else { return }
        try edit(spec, addresses) { HostsFile.renaming($1, names: $2, in: $0) }
    }

    private func edit(
        _ spec: ContainerSpec, _ addresses: [IPAddress] = Self.addresses,
        _ change: (String, [IPAddress], [String]) -> String
    ) throws {
        let old = try File.readText(path, limit: 1 << 20)
        let new = change(old, addresses, [spec.hostname, spec.name])
        // In place: it is mounted into containers.
        if new != old { try File.write(path, new, mode: 0o644) }
    }
}
