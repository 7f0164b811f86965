internal import ContainerNetwork
internal import WirePrimitives

extension Engine {
    /// Who keeps the address that a container got from a server on the wire of a network.
    func leaseKeeper(_ container: String, _ network: String) -> LeaseKeeper {
        LeaseKeeper(directory: "\(paths.bundle(container))/lease.\(network)", program: nameProgram)
    }

    /// Gets a container its address from a server on the wire, and what needs it. The caller holds no network's lock.
    func acquireLease(_ request: AttachmentRequest, hostName: String) throws -> WireLease {
        let lease = try leaseKeeper(request.containerID, request.network.name).acquire(request, hostName: hostName)
        try request.addRoutesOverNeighbours()
        return lease
    }

    /// Gives a container's link back what its lease says, or another lease when nobody keeps that one any more. The caller
    /// holds the container's lock, and no network's.
    func restoreLease(
        _ present: StateStore.PresentAttachment, _ spec: ContainerSpec, _ request: AttachmentRequest
    ) throws {
        let record = present.record
        let keeper = leaseKeeper(spec.id, record.networkName)
        if try keeper.restore() { return try request.addRoutesOverNeighbours() }
        try keeper.release()
        let lease = try acquireLease(request, hostName: spec.hostname)
        try store.recordAttachment(
            record.with(lease), state: "present", macAddress: present.macAddress?.description,
            names: spec.names(on: record.networkName), servers: spec.resolver?.servers ?? [])
        guard lease != record.lease else { return }
        var names = ContainerNameFiles(paths.files(of: spec), spec)
        try names.remove(record.addresses.map(\.address), servers: record.lease?.servers ?? [])
        let isAlone = spec.network.networks.count == 1
        try names.add([lease], besides: try definitions(of: spec).resolvers, areFirst: isAlone)
    }
}
