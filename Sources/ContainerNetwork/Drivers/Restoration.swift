internal import LinuxSys
internal import Netlink
internal import WirePrimitives

extension Attachment {
    /// Puts back what somebody took away of a container's place on a network: its plan's steps are looked at in order,
    /// and those that do not hold are done. The container keeps its addresses, MACs and interface names.
    ///
    /// - Parameters:
    ///   - request: the container as it was joined, with the MAC that it was given.
    ///   - record: what was written down when it was joined.
    ///   - context: the host and the container's namespace.
    ///   - intend: is told what is about to be made if the host's end must get another name.
    /// - Throws: `NetworkError`, or what `intend` throws; what could be put back until then stays.
    public static func restore(
        _ request: AttachmentRequest, _ record: AttachmentRecord, in context: NetworkContext,
        intend: (AttachmentRecord) throws -> Void
    ) throws {
        let steps: [Step]
        if request.network.driver == "bridge" {
            var record = record
            var request = request
            var host = try HostObservation.read(for: request.network, in: context)
            if let name = try hostEnd(of: record, in: context.host) {
                request.hostInterfaceName = name
                host.takenNames.remove(name.description)
            }
            steps = try BridgeDriver.plan(request, on: host, whole: true)
            if let pair = steps.pair, pair.name != record.hostInterface {
                record.hostInterface = pair.name
                try intend(record)
            }
        } else {
            steps = try UpperDriver.plan(request, parent: try UpperDriver.parent(of: request.network, in: context.host))
        }
        for step in steps { try step.restore(in: context) }
    }

    /// The name of the host's end of a container's pair: as it is now, else as it was if nobody has that name; nil when
    /// somebody else has it.
    private static func hostEnd(
        of record: AttachmentRecord, in host: Session
    ) throws(NetworkError) -> InterfaceName? {
        do throws(NetlinkError) {
            guard let name = record.hostInterface, let address = record.hostMAC else { return nil }
            guard let link = try host.link(name) else {
                // It is gone, or somebody gave it another name.
                return try host.links(kind: "veth").first { $0.address == address }.flatMap { InterfaceName($0.name) }
                    ?? name
            }
            return link.kind == "veth" && link.address == address ? name : nil
        } catch {
            throw NetworkError(error)
        }
    }
}

extension Step {
    /// Does it if it does not hold any more.
    func restore(in context: NetworkContext) throws(NetworkError) {
        switch self {
        case .createPair(let pair): try restore(pair, in: context)
        // The kernel shows these in other messages than a link's, and to set them again changes nothing.
        case .setHairpin, .isolatePort, .setVLAN: try apply(in: context)
        // Networks that came and went may have changed what metric would be chosen now.
        case .addRoute(let name, to: nil, let gateway, _):
            if try Step.addRoute(name, to: nil, via: gateway, metric: nil).finding(in: context) == .holds { return }
            try apply(in: context)
        default:
            if try finding(in: context) != .holds { try apply(in: context) }
        }
    }

    /// Two ends that belong together and only left their bridge get back to it; of anything less, what is left is
    /// removed and the pair is made anew.
    private func restore(_ pair: Pair, in context: NetworkContext) throws(NetworkError) {
        let inside = try context.session(.container)
        do throws(NetlinkError) {
            let end = try context.host.link(pair.name)
            let peer = try inside.link(pair.peerName)
            if let end, let peer, peer.peer == end.index {
                let bridge = try context.host.existingLink(pair.bridge)
                if end.master != bridge.index {
                    try context.host.perform(LinkRequest.setMaster(end.index, bridge.index))
                }
                return
            }
            try context.host.deletePair(pair.name, address: pair.address)
            try inside.deleteUpper(pair.peerName, "veth")
        } catch {
            throw NetworkError(error)
        }
        try apply(in: context)
    }
}
