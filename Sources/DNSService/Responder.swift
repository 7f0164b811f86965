public import WirePrimitives

/// What becomes of a message.
public enum Response: Sendable {
    /// Nothing: it is no question, or its asker has no business here.
    case none
    /// These bytes go back.
    case reply([UInt8])
    /// It is passed on to the first of these servers that answers; none means those of the host.
    case forward(Query, servers: [IPAddress])
}

extension Zones {
    /// Names that are ours and nobody else's end so.
    private static let domain = DomainName("dns.podman")
    private static let internet: UInt16 = 1

    /// The answer to a message.
    ///
    /// - Parameters:
    ///   - message: what came.
    ///   - address: who sent it.
    ///   - listener: the address at which it came.
    ///   - isStream: whether it came over TCP; over UDP, long answers are cut.
    ///   - turn: counts up, so that several addresses are each the first in turn.
    /// - Returns: what to do; a function of the arguments.
    public func respond(
        to message: ArraySlice<UInt8>, from address: IPAddress, at listener: IPAddress, isStream: Bool, turn: Int
    ) -> Response {
        guard let query = Query(message), let asker = asker(address, at: listener) else { return .none }
        let limit = isStream ? Int(UInt16.max) : query.size
        func reply(_ code: ResultCode, _ records: [Reply.Record] = []) -> Response {
            .reply(Reply.bytes(query, code, records, limit: limit))
        }
        guard query.opcode == 0 else { return reply(.notImplemented) }
        guard query.class == Self.internet, !RecordType.transfers.contains(query.type) else { return reply(.refused) }
        if let records = records(query, asker) {
            return reply(.noError, records.count > 1 ? Self.rotated(records, turn) : records)
        }
        if let domain = Self.domain, query.name.removing(suffix: domain).map({ $0.wire.count > 1 }) == true {
            return reply(.noSuchName)
        }
        // The names of an internal network stay there, and so do questions for them that are wrong.
        if asker.networks.allSatisfy({ networks[$0].isInternal }) { return reply(.noSuchName) }
        let own = asker.servers.isEmpty ? asker.networks.flatMap { networks[$0].servers } : asker.servers
        return .forward(query, servers: own)
    }

    /// The records for a name that is ours; nil when it is not.
    private func records(_ query: Query, _ asker: Asker) -> [Reply.Record]? {
        if let address = query.name.reverseAddress {
            let names = asker.networks.lazy.compactMap { networks[$0].names[address] }.first
            return names.map { query.type == RecordType.ptr ? $0.map(Reply.Record.pointer) : [] }
        }
        let name = Self.domain.flatMap { query.name.removing(suffix: $0) } ?? query.name
        var isKnown = false
        var records: [Reply.Record] = []
        for index in asker.networks {
            guard let addresses = networks[index].addresses[name] else { continue }
            isKnown = true
            for address in addresses {
                let record = Reply.Record.address(address)
                if query.type == record.type || query.type == RecordType.any { records.append(record) }
            }
        }
        return isKnown ? records : nil
    }

    private static func rotated(_ records: [Reply.Record], _ turn: Int) -> [Reply.Record] {
        let start = turn % records.count
        return Array(records[start...] + records[..<start])
    }
}
