internal import LinuxSys
public import WirePrimitives

extension Session {
    /// The link of this name; nil when there is none.
    public func link(_ name: InterfaceName) throws(NetlinkError) -> Link? {
        let request = LinkRequest.get(name)
        do throws(NetlinkError) {
            return try read(request) { message throws(ByteError) in try Link(message) }
        } catch {
            if error.errno == .noSuchDevice { return nil }
            throw error
        }
    }

    /// The link of this index; nil when there is none.
    public func link(index: Int32) throws(NetlinkError) -> Link? {
        let request = LinkRequest.get(index: index)
        do throws(NetlinkError) {
            return try read(request) { message throws(ByteError) in try Link(message) }
        } catch {
            if error.errno == .noSuchDevice { return nil }
            throw error
        }
    }

    /// Every link, or the ports of one bridge, or those of one kind.
    public func links(master: Int32? = nil, kind: String? = nil) throws(NetlinkError) -> [Link] {
        let request = LinkRequest.list(master: master, kind: kind)
        var links: [Link] = []
        for message in try list(request) where message.type == LinkRequest.newLink {
            let link = try decode(request) { () throws(ByteError) in try Link(message) }
            if let master, link.master != master { continue }
            if let kind, link.kind != kind { continue }
            links.append(link)
        }
        return links
    }

    /// The addresses of one link, or of all.
    public func addresses(of link: Int32 = 0) throws(NetlinkError) -> [InterfaceAddress] {
        let request = AddressRequest.list(link: link)
        var addresses: [InterfaceAddress] = []
        for message in try list(request) {
            let found = try decode(request) { () throws(ByteError) in try LinkAddress(message) }
            if let found, link == 0 || found.link == link { addresses.append(found.address) }
        }
        return addresses
    }

    /// The routes of one family in one table.
    public func routes(_ family: AddressFamily, table: UInt32 = Route.mainTable) throws(NetlinkError) -> [Route] {
        let request = RouteRequest.list(family)
        var routes: [Route] = []
        for message in try list(request) {
            let found = try decode(request) { () throws(ByteError) in try Route(message) }
            if let found, found.table == table, found.family == family { routes.append(found) }
        }
        return routes
    }

    private func read<Value>(
        _ request: Request, _ body: (Message) throws(ByteError) -> Value
    ) throws(NetlinkError) -> Value {
        let message = try get(request)
        return try decode(request) { () throws(ByteError) in try body(message) }
    }

    func decode<Value>(_ request: Request, _ body: () throws(ByteError) -> Value) throws(NetlinkError) -> Value {
        do throws(ByteError) { return try body() } catch {
            throw NetlinkError(request.operation, .badMessage, detail: error.description)
        }
    }
}
