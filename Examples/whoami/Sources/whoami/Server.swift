import Glibc
import Synchronization

/// Accepts connections and answers each on a thread of its own.
struct Server {
    let port: UInt16

    /// Connections answered at one time; one more is closed at once.
    private static let maximumConnections = 256
    private static let open = Mutex(0)

    /// Serves until the process ends.
    func run() throws(SystemError) -> Never {
        let listener = try listen(on: port)
        while true {
            let connection = accept(listener.raw, nil, nil)
            if connection >= 0 {
                Self.answer(Descriptor(adopting: connection))
                continue
            }
            switch errno {
            case EBADF, EFAULT, EINVAL, ENOTSOCK, EOPNOTSUPP:
                throw SystemError("accept connections on")
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // The connection stays in the queue, so without a pause this would spin.
                usleep(50_000)
            default:
                // accept(2): the connection's own errors are reported here too, and it is gone.
                continue
            }
        }
    }

    /// Starts the thread that answers; when there can be none, the connection is closed.
    private static func answer(_ connection: consuming Descriptor) {
        let admitted = open.withLock { count in
            guard count < maximumConnections else { return false }
            count += 1
            return true
        }
        guard admitted else { return }
        let raw = connection.release()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 512 << 10)
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        // The descriptor itself travels in the pointer: there is no memory that must outlive this call.
        let status = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                let raw = Int32(Int(bitPattern: argument))
                Connection(Descriptor(adopting: raw)).serve()
                Server.open.withLock { $0 -= 1 }
                return nil
            }, UnsafeMutableRawPointer(bitPattern: Int(raw)))
        if status != 0 {
            open.withLock { $0 -= 1 }
            close(raw)
        }
    }
}

/// One client's connection: one request, one reply.
private struct Connection: ~Copyable {
    private let socket: Descriptor

    private static let headLimit = 16 << 10
    private static let bodyLimit = 1 << 20
    private static let requestTime = Duration.seconds(5)
    private static let lingerTime = Duration.seconds(1)

    init(_ socket: consuming Descriptor) {
        self.socket = socket
    }

    consuming func serve() {
        guard let peer = peerName(of: socket.raw) else { return }
        let reply: [UInt8]
        switch readHead(before: .now + Self.requestTime) {
        case .head(let head):
            if let request = Request(head: head) {
                let answer = Reply.whoami(request, peer: peer, host: hostName(), addresses: hostAddresses())
                reply = answer.bytes(headOnly: request.wantsHeadOnly)
            } else {
                reply = Reply.badRequest.bytes()
            }
        case .tooLarge: reply = Reply.tooLarge.bytes()
        case .timeout: reply = Reply.timeout.bytes()
        case .closed: return
        }
        if send(reply, before: .now + Self.requestTime) { finish() }
    }

    private enum Outcome {
        case head(ArraySlice<UInt8>)
        case tooLarge
        case timeout
        case closed
    }

    /// Reads up to the empty line, in bounded time and space.
    private borrowing func readHead(before deadline: ContinuousClock.Instant) -> Outcome {
        var bytes: [UInt8] = []
        while bytes.count < Self.headLimit {
            let known = bytes.count
            switch receive(upTo: Self.headLimit - known, before: deadline) {
            case .timeout: return .timeout
            case .closed: return .closed
            case .bytes(let more): bytes += more
            }
            // RFC 9112 section 2.2: empty lines before a request are skipped.
            if known == 0 { bytes = Array(bytes.drop { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) }
            if let end = headEnd(in: bytes, from: known) { return .head(bytes[..<end]) }
        }
        return .tooLarge
    }

    private enum Received {
        case bytes([UInt8])
        case timeout
        case closed
    }

    private borrowing func receive(upTo count: Int, before deadline: ContinuousClock.Instant) -> Received {
        guard wait(for: POLLIN, before: deadline) else { return .timeout }
        var buffer = [UInt8](repeating: 0, count: count)
        let read = unsafe recv(socket.raw, &buffer, count, Int32(MSG_DONTWAIT))
        if read < 0, errno == EAGAIN || errno == EINTR { return .bytes([]) }
        guard read > 0 else { return .closed }
        return .bytes(Array(buffer.prefix(read)))
    }

    /// Sends everything; false when the client is gone or too slow.
    private borrowing func send(_ bytes: [UInt8], before deadline: ContinuousClock.Instant) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait(for: POLLOUT, before: deadline) else { return false }
            // MSG_NOSIGNAL: a client that has gone must not end the server with SIGPIPE.
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let sent = unsafe rest.withUnsafeBytes { unsafe Glibc.send(socket.raw, $0.baseAddress, $0.count, flags) }
            if sent < 0, errno != EAGAIN, errno != EINTR { return false }
            rest = rest.dropFirst(max(sent, 0))
        }
        return true
    }

    /// Ends the connection so that the client gets the whole reply.
    ///
    /// Closing a socket that has unread bytes resets the connection (RFC 1122 section 4.2.2.13), and
    /// the reset can overtake the reply. So what the client still sends is read first, within limits.
    private borrowing func finish() {
        guard shutdown(socket.raw, Int32(SHUT_WR)) == 0 else { return }
        let deadline = ContinuousClock.now + Self.lingerTime
        var left = Self.bodyLimit
        while left > 0, case .bytes(let more) = receive(upTo: min(left, 64 << 10), before: deadline) {
            left -= more.count
        }
    }

    /// Whether the socket is ready for `events` before the deadline (poll(2)).
    private borrowing func wait(for events: Int32, before deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var entry = pollfd(fd: socket.raw, events: Int16(events), revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: milliseconds + 1))
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { return false }
        }
    }
}
