internal import LinuxSys
internal import Netlink
internal import WirePrimitives

extension Step {
    /// Takes it back. Doing so twice, or when nothing was made, or when the container's namespace is gone, is success.
    ///
    /// What belongs to a link (its addresses, routes and settings) ends with the link and needs no step of its own;
    /// settings of the whole host stay, as netavark leaves them, because others may rely on them by now.
    ///
    /// - Throws: `NetworkError` with the kernel's refusal.
    public func undo(in context: NetworkContext) throws(NetworkError) {
        do throws(NetlinkError) {
            switch self {
            case .createPair(let pair): try context.host.deletePair(pair.name, address: pair.address)
            case .createBridge(let bridge): _ = try context.host.deleteBridgeWithoutPorts(bridge.name)
            case .createUpper(let upper): try context.container?.session.deleteUpper(upper.name, upper.kind.kind)
            case .refuseRoute(let destination, let refusal, _):
                try context.container?.session.unrefuse(destination, refusal)
            case .setUp, .setSysctls, .addAddress, .setHairpin, .isolatePort, .setVLAN, .addRoute: break
            }
        } catch {
            throw NetworkError(error)
        }
    }
}

extension Session {
    /// Deletes a container's pair, and the bridge with its last port.
    ///
    /// - Returns: whether there is no such bridge any more.
    func deletePort(_ record: AttachmentRecord) throws(NetlinkError) -> Bool {
        var pair: Link?
        if let name = record.hostInterface, let address = record.hostMAC { pair = try self.pair(name, address) }
        var bridge: Link?
        if let name = record.bridge, let link = try link(name), link.kind == "bridge" {
            let others = try links(master: link.index).contains { $0.index != pair?.index }
            if others {
                if let pair { try deleteLink(pair.index) }
                return false
            }
            bridge = link
        }
        switch (pair, bridge) {
        case (let pair?, let bridge?): try deleteLinks([pair.index, bridge.index])
        case (let link?, nil), (nil, let link?): try deleteLink(link.index)
        case (nil, nil): break
        }
        return record.bridge != nil
    }

    /// Deletes the pair whose end here has this name and MAC; the other end goes with it.
    func deletePair(_ name: InterfaceName, address: MACAddress) throws(NetlinkError) {
        if let link = try pair(name, address) { try deleteLink(link.index) }
    }

    /// A pair's end here. The MAC is looked at because a pair may have died with its namespace, and its name be
    /// another container's by now.
    private func pair(_ name: InterfaceName, _ address: MACAddress) throws(NetlinkError) -> Link? {
        guard let link = try link(name), link.address == address, link.kind == "veth" else { return nil }
        return link
    }

    /// Deletes a bridge that has no port left.
    ///
    /// - Returns: whether there is no such bridge any more.
    func deleteBridgeWithoutPorts(_ name: InterfaceName) throws(NetlinkError) -> Bool {
        guard let bridge = try link(name), bridge.kind == "bridge" else { return true }
        guard try links(master: bridge.index).isEmpty else { return false }
        try deleteLink(bridge.index)
        return true
    }

    /// Deletes a link that is on top of another, if it is there.
    func deleteUpper(_ name: InterfaceName, _ kind: String) throws(NetlinkError) {
        guard let link = try link(name), link.kind == kind else { return }
        try deleteLink(link.index)
    }

    /// Deletes a route that leads nowhere, if it is there.
    func unrefuse(_ destination: CIDR, _ refusal: RouteRequest.Refusal) throws(NetlinkError) {
        do throws(NetlinkError) { try perform(RouteRequest.unrefuse(destination, refusal)) } catch {
            guard error.errno == .noSuchProcess else { throw error }
        }
    }

    /// Deletes links together: the kernel waits for its readers (RCU) once, and not once a link.
    private func deleteLinks(_ indexes: [Int32]) throws(NetlinkError) {
        // A number that only these have: the first one's own, beyond what people give.
        let group = 0x7377_0000 | UInt32(bitPattern: indexes[0]) & 0xffff
        for index in indexes { try perform(LinkRequest.setGroup(index, group)) }
        try delete(LinkRequest.delete(group: group), of: indexes)
    }

    private func deleteLink(_ index: Int32) throws(NetlinkError) {
        do throws(NetlinkError) {
            try delete(LinkRequest.delete(index: index), of: [index])
        } catch {
            guard [.noSuchDevice, .noSuchProcess, .noSuchFileOrDirectory].contains(error.errno) else { throw error }
        }
    }

    /// Deletes links, and returns when nobody sees them any more. Whoever asks the kernel for it waits much longer, until
    /// all of its readers have left them, tens of milliseconds.
    private func delete(_ request: Request, of indexes: [Int32]) throws(NetlinkError) {
        let patience = Deadline(after: .seconds(5))
        let begun = try begin(request)
        for index in indexes {
            while try link(index: index) != nil {
                if let refusal = refusal(of: begun) { throw refusal }
                // Whoever was to send it may have been killed before.
                if patience.hasPassed { return try perform(request) }
                Clock.sleep(nanoseconds: 100_000)
            }
        }
    }
}
