public import LinuxSys
internal import WirePrimitives

/// What carries netlink datagrams: a socket, or in tests something that plays the kernel.
public protocol Transport: AnyObject, Sendable {
    /// The port id that answers to us carry.
    var portID: UInt32 { get }
    /// Sends one datagram.
    func send(_ bytes: [UInt8]) throws(Errno)
    /// Sends one datagram without waiting until the kernel has done all that follows from it.
    func sendOnly(_ bytes: [UInt8]) throws(Errno)
    /// Waits for one.
    func receive() throws(Errno) -> NetlinkDatagram
}

extension Transport {
    /// Sends it, where nothing follows that would have to be waited for.
    public func sendOnly(_ bytes: [UInt8]) throws(Errno) { try send(bytes) }
}

extension NetlinkSocket: Transport {
    /// Sends one datagram from a process of its own, which waits instead.
    public func sendOnly(_ bytes: [UInt8]) throws(Errno) { _ = try elsewhere(bytes) }
}

/// A conversation with the kernel over netlink: each request gets its own answer, or an error.
///
/// Answers are believed only if the kernel sent them, they carry this socket's port id, and they answer the request
/// at hand: what comes late from an earlier one is passed over (netlink(7)). Not for use by two threads at once.
public final class Session {
    private let transport: any Transport
    private var sequence: UInt32

    /// Talks over `transport`.
    public init(_ transport: any Transport, firstSequence: UInt32 = 1) {
        self.transport = transport
        sequence = firstSequence
    }

    /// A conversation over a new socket in the calling thread's network namespace.
    public convenience init(_ family: NetlinkSocket.Family) throws(NetlinkError) {
        do throws(Errno) {
            self.init(try NetlinkSocket(family))
        } catch {
            throw NetlinkError("open a netlink socket", error)
        }
    }

    /// How often a list that changed while it was read is asked for again before that is an error.
    private static let dumpAttempts = 8
    /// How many datagrams that are not for us may come before one that is.
    private static let strangersAllowed = 256

    /// Does what the request says.
    ///
    /// - Throws: the kernel's refusal.
    public func perform(_ request: Request) throws(NetlinkError) {
        try perform([request])
    }

    /// Does what the requests say, sent together, in order. Those after one that was refused are done all the same.
    ///
    /// - Throws: the first refusal, when every answer has been read.
    public func perform(_ requests: [Request]) throws(NetlinkError) {
        guard let first = requests.first else { return }
        var datagram: [UInt8] = []
        let start = sequence
        for request in requests {
            datagram += request.encoded(flags: .acknowledge, sequence: sequence, portID: transport.portID)
            sequence &+= 1
        }
        try send(datagram, first.operation)
        var refusal: NetlinkError?
        for (offset, request) in requests.enumerated() {
            do throws(AnswerError) {
                _ = try answers(to: request, sequence: start &+ UInt32(offset), until: .acknowledgement)
            } catch {
                guard error.isRefusal else { throw error.error }
                if refusal == nil { refusal = error.error }
            }
        }
        if let refusal { throw refusal }
    }

    /// Has the kernel do what the request says, without waiting until it is done.
    ///
    /// - Returns: what `refusal(of:)` asks by.
    public func begin(_ request: Request) throws(NetlinkError) -> UInt32 {
        let own = sequence
        sequence &+= 1
        begun[own] = request
        let bytes = request.encoded(flags: [], sequence: own, portID: transport.portID)
        do throws(Errno) { try transport.sendOnly(bytes) } catch { throw NetlinkError(request.operation, error) }
        return own
    }

    /// The kernel's refusal of what was begun, if it came among the answers to later requests.
    public func refusal(of own: UInt32) -> NetlinkError? { refusals[own] }

    /// Requests that were begun, and what was refused of them.
    private var begun: [UInt32: Request] = [:]
    private var refusals: [UInt32: NetlinkError] = [:]

    /// Does what the requests say in one step, or nothing of it: a batch of nfnetlink (linux/netfilter/nfnetlink.h).
    ///
    /// - Throws: the first refusal.
    func performTogether(_ requests: [Request], from begin: Request, to end: Request) throws(NetlinkError) {
        guard let last = requests.last else { return }
        let first = sequence
        var datagram: [UInt8] = []
        for (offset, request) in ([begin] + requests + [end]).enumerated() {
            // What is refused is told in any case, and in order: the last one's word ends the answer.
            let flags: MessageFlags = offset == requests.count ? .acknowledge : []
            datagram += request.encoded(flags: flags, sequence: sequence, portID: transport.portID)
            sequence &+= 1
        }
        try send(datagram, begin.operation)
        do throws(AnswerError) {
            try batchAnswer(to: [begin] + requests, from: first, last)
        } catch {
            throw error.error
        }
    }

    /// Asks for one object.
    ///
    /// - Throws: the kernel's refusal: `Errno.noSuchDevice` for a link that is not there.
    public func get(_ request: Request) throws(NetlinkError) -> Message {
        let own = sequence
        sequence &+= 1
        try send(request.encoded(flags: [], sequence: own, portID: transport.portID), request.operation)
        do throws(AnswerError) {
            guard let message = try answers(to: request, sequence: own, until: .firstMessage).first else {
                throw AnswerError(error: NetlinkError(request.operation, .badMessage), isRefusal: false)
            }
            return message
        } catch {
            throw error.error
        }
    }

    /// Asks for a list; a list that changed while it was read is asked for again.
    ///
    /// - Throws: the kernel's refusal; `Errno.resourceTemporarilyUnavailable` when the list never stood still.
    public func list(_ request: Request) throws(NetlinkError) -> [Message] {
        for _ in 0..<Self.dumpAttempts {
            let own = sequence
            sequence &+= 1
            try send(request.encoded(flags: .dump, sequence: own, portID: transport.portID), request.operation)
            do throws(AnswerError) {
                let messages = try answers(to: request, sequence: own, until: .done)
                if !messages.contains(where: { $0.flags.contains(.dumpInterrupted) }) {
                    return messages.filter { $0.type != Message.done }
                }
            } catch {
                throw error.error
            }
        }
        throw NetlinkError(
            request.operation, .resourceTemporarilyUnavailable, detail: "the list kept changing while it was read")
    }

    private enum End {
        case acknowledgement, firstMessage, done
    }

    /// An error, and whether it is the kernel's answer to this request (others may follow) or the end of the talk.
    private struct AnswerError: Error {
        var error: NetlinkError
        var isRefusal: Bool
    }

    private func send(_ bytes: [UInt8], _ operation: String) throws(NetlinkError) {
        do throws(Errno) { try transport.send(bytes) } catch { throw NetlinkError(operation, error) }
    }

    /// Messages of one datagram that are not yet read: the acknowledgements of a batch may come together.
    private var pending: ArraySlice<Message> = []

    private func answers(to request: Request, sequence own: UInt32, until end: End) throws(AnswerError) -> [Message] {
        var collected: [Message] = []
        var strangers = 0
        while true {
            let message = try next(request, &strangers)
            if message.type == Message.error, let earlier = begun[message.sequence] {
                let (code, detail) = try acknowledgement(message, earlier)
                if code != 0 {
                    refusals[message.sequence] = NetlinkError(earlier.operation, Errno(rawValue: code), detail: detail)
                }
            }
            // An answer to an earlier request that was given up, or a notification that was never asked for.
            guard message.sequence == own else { continue }
            switch message.type {
            case Message.overrun:
                throw broken(request, .noBufferSpace)
            case Message.error:
                let (code, detail) = try acknowledgement(message, request)
                if code != 0 {
                    throw AnswerError(
                        error: NetlinkError(request.operation, Errno(rawValue: code), detail: detail), isRefusal: true)
                }
                if end == .acknowledgement { return collected }
            case Message.done:
                if let code = try doneCode(message, request) {
                    throw AnswerError(error: NetlinkError(request.operation, code), isRefusal: true)
                }
                collected.append(message)
                return collected
            default:
                collected.append(message)
                if end == .firstMessage { return collected }
            }
        }
    }

    /// Reads what the kernel says of a batch: refusals, then its word on the last request. When it did not look at any,
    /// as for want of memory, it says so of the first.
    private func batchAnswer(to requests: [Request], from first: UInt32, _ last: Request) throws(AnswerError) {
        var refusal: AnswerError?
        var strangers = 0
        while true {
            let message = try next(last, &strangers)
            let position = Int(message.sequence &- first)
            guard message.type == Message.error, position < requests.count else { continue }
            let (code, detail) = try acknowledgement(message, requests[position])
            if code != 0, refusal == nil {
                let error = NetlinkError(requests[position].operation, Errno(rawValue: code), detail: detail)
                refusal = AnswerError(error: error, isRefusal: true)
            }
            if position == 0 || position == requests.count - 1 { break }
        }
        if let refusal { throw refusal }
    }

    /// The next message to this socket; `strangers` counts the datagrams that were waited for.
    private func next(_ request: Request, _ strangers: inout Int) throws(AnswerError) -> Message {
        while true {
            while let message = pending.popFirst() {
                if message.portID == transport.portID { return message }
            }
            guard strangers < Self.strangersAllowed else { throw broken(request, .badMessage) }
            strangers += 1
            pending = try receive(request)[...]
        }
    }

    private func receive(_ request: Request) throws(AnswerError) -> [Message] {
        do throws(Errno) {
            let datagram = try transport.receive()
            guard datagram.sender == 0 else { return [] }
            guard !datagram.isTruncated else { throw Errno.messageTooLong }
            do throws(ByteError) { return try Message.split(datagram.bytes) } catch { throw Errno.badMessage }
        } catch {
            throw broken(request, error)
        }
    }

    private func broken(_ request: Request, _ errno: Errno) -> AnswerError {
        AnswerError(error: NetlinkError(request.operation, errno), isRefusal: false)
    }

    /// The code at the end of a list: a negative errno if the kernel could not finish it.
    private func doneCode(_ message: Message, _ request: Request) throws(AnswerError) -> Errno? {
        var reader = message.payload
        guard reader.remaining >= 4 else { return nil }
        do throws(ByteError) {
            let code = Int32(bitPattern: try reader.uint32())
            return code < 0 ? Errno(rawValue: 0 &- code) : nil
        } catch {
            throw broken(request, .badMessage)
        }
    }

    /// The errno of an acknowledgement (0: done) and the kernel's words (struct nlmsgerr, NLMSGERR_ATTR_MSG).
    private func acknowledgement(_ message: Message, _ request: Request) throws(AnswerError) -> (Int32, String?) {
        var reader = message.payload
        do throws(ByteError) {
            let code = 0 &- Int32(bitPattern: try reader.uint32())
            guard message.flags.contains(.acknowledgeAttributes) else { return (code, nil) }
            let length = Int(try reader.uint32())
            _ = try reader.take(12)
            if !message.flags.contains(.capped) { _ = try reader.take(max(0, length - 16)) }
            let words = try Attribute.split(reader).first { $0.type == 1 }
            return (code, words?.text)
        } catch {
            throw broken(request, .badMessage)
        }
    }
}
