internal import ContainerNetwork
public import WirePrimitives

/// A running container's place on a network.
public struct NetworkMember: Sendable, Hashable {
    /// The container's id.
    public var id: String
    /// The container's name.
    public var name: String
    /// Its interface on the network.
    public var interfaceName: InterfaceName
    /// The interface's MAC.
    public var macAddress: MACAddress?
    /// Its addresses, each with its subnet's gateway.
    public var addresses: [Address]

    /// One address.
    public struct Address: Sendable, Hashable {
        /// The address with its prefix.
        public var address: InterfaceAddress
        /// The subnet's gateway.
        public var gateway: IPAddress?
    }
}

extension Engine {
    /// The containers that run on a network.
    ///
    /// - Parameter name: the network's name.
    /// - Returns: the containers, the first attached first.
    /// - Throws: `DatabaseError` when the state cannot be read.
    public func members(ofNetwork name: String) throws -> [NetworkMember] {
        let definition = try store.attachedDefinition(name)
        return try store.presentAttachments(network: name).compactMap { present in
            let record = present.record
            guard let container = try store.container(id: record.containerID), refreshed(container).hasProcess else {
                return nil
            }
            return NetworkMember(
                id: record.containerID, name: container.spec.name, interfaceName: record.interfaceName,
                macAddress: present.macAddress,
                addresses: record.addresses.map {
                    .init(address: $0, gateway: definition?.subnet(containing: $0.address)?.gateway)
                })
        }
    }
}
