internal import AsyncHTTPClient
internal import LinuxSys
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// An answer: its head, and its body as it arrives. What is not read is not fetched: at most 1 MiB waits here.
final class HTTPReply: HTTPClientResponseDelegate, ByteSource, Sendable {
    typealias Response = Void

    private struct State {
        var head: HTTPResponseHead?
        var chunks: [ByteBuffer] = []
        var waitingBytes = 0
        var isFinished = false
        var failure: TransportError?
        var task: HTTPClient.Task<Void>?
        /// Kept when something changes; whoever waits makes it.
        var reader: EventLoopPromise<Void>?
        /// Kept when there is room again; the connection is not read until then.
        var room: EventLoopPromise<Void>?
        /// Of a request's body that is not asked for any more.
        var writer: EventLoopPromise<HTTPClient.Body.StreamWriter>?
    }

    private static let highWater = 1 << 20
    /// What was asked for.
    let url: RegistryURL
    private let state = Mutex(State())

    init(url: RegistryURL) {
        self.url = url
    }

    func begin(_ task: HTTPClient.Task<Void>, abandoning writer: EventLoopPromise<HTTPClient.Body.StreamWriter>) {
        let failure = state.withLock { state in
            state.task = task
            state.writer = writer
            return state.failure
        }
        if let failure { writer.fail(failure) }
    }

    // MARK: The head

    var hasHead: Bool { state.withLock { $0.head != nil } }

    func waitForHead() throws(TransportError) {
        try wait { $0.head != nil }
    }

    /// The status code, once the head is here.
    var status: Int { state.withLock { Int($0.head?.status.code ?? 0) } }

    /// The status and its usual words.
    var statusText: String { state.withLock { $0.head.map { "\($0.status)" } ?? "no answer" } }

    /// All values of a header, joined as RFC 9110 says; nil if there is none.
    func header(_ name: String) -> String? {
        state.withLock { state in
            guard let values = state.head?.headers[name], !values.isEmpty else { return nil }
            return values.joined(separator: ", ")
        }
    }

    /// `Content-Length`; nil if the server does not say.
    var length: Int64? { header("Content-Length").flatMap { Int64($0) } }

    // MARK: The body

    /// The next bytes; empty at the end.
    ///
    /// - Throws: `TransportError` when the connection breaks before the end.
    func next() throws -> [UInt8] {
        try wait { !$0.chunks.isEmpty || $0.isFinished }
        let (chunks, room) = state.withLock { state in
            defer {
                state.chunks = []
                state.waitingBytes = 0
                state.room = nil
            }
            return (state.chunks, state.room)
        }
        room?.succeed()
        guard chunks.count != 1 else { return Array(chunks[0].readableBytesView) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(chunks.reduce(0) { $0 + $1.readableBytes })
        for chunk in chunks { bytes.append(contentsOf: chunk.readableBytesView) }
        return bytes
    }

    /// The whole body.
    ///
    /// - Throws: `StorageError` with `Code.limit` when it is longer than `limit` bytes; `TransportError`.
    func readAll(limit: Int, _ what: @autoclosure () -> String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try next()
            if more.isEmpty { return bytes }
            bytes += more
            if bytes.count > limit {
                cancel()
                throw StorageError.limit("\(what()) is larger than \(limit) bytes")
            }
        }
    }

    /// Gives up the rest of the answer.
    func cancel() {
        let task = state.withLock { state in
            if state.isFinished || state.failure != nil { state.task = nil }
            return state.task
        }
        task?.cancel()
        fail(TransportError(description: "given up"))
    }

    private func wait(until isReady: (borrowing State) -> Bool) throws(TransportError) {
        while true {
            let promise: EventLoopPromise<Void>? = try state.withLock { state throws(TransportError) in
                if isReady(state) { return nil }
                if let failure = state.failure { throw failure }
                let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
                state.reader = promise
                return promise
            }
            guard let promise else { return }
            // It is only ever kept, never broken.
            try? promise.futureResult.wait()
        }
    }

    // MARK: What the client calls

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        change { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let room = change { state in
            if state.failure != nil { return nil as EventLoopPromise<Void>? }
            state.chunks.append(buffer)
            state.waitingBytes += buffer.readableBytes
            guard state.waitingBytes >= Self.highWater else { return nil }
            let room = task.eventLoop.makePromise(of: Void.self)
            state.room = room
            return room
        }
        return room?.futureResult ?? task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        fail(TransportError(error))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        change { $0.isFinished = true }
    }

    private func fail(_ error: TransportError) {
        let (room, writer) = change { state in
            defer { state.room = nil }
            if !state.isFinished && state.failure == nil { state.failure = error }
            return (state.room, state.writer)
        }
        room?.succeed()
        writer?.fail(error)
    }

    /// Changes the state and wakes the reader.
    @discardableResult
    private func change<Result>(_ body: (inout sending State) -> Result) -> Result {
        let (result, reader) = state.withLock { state in
            let result = body(&state)
            defer { state.reader = nil }
            return (result, state.reader)
        }
        reader?.succeed()
        return result
    }

    // MARK: Words

    /// Whether what went wrong may be otherwise in a moment (containers/common, pkg/retry: the network's errors).
    static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case let error as TransportError: error.mayPass
        case let error as IOError:
            [
                .connectionRefused, .connectionReset, .connectionAbort, .timedOut, .networkUnreachable, .networkDown,
                .hostIsDown, .noRouteToHost, .brokenPipe,
            ].contains(Errno(rawValue: error.errnoCode))
        case let error as NIOConnectionError: error.connectionErrors.contains { mayPass($0.error) }
        case let error as HTTPClientError:
            [.readTimeout, .connectTimeout, .remoteConnectionClosed, .tlsHandshakeTimeout].contains(error)
        default: false
        }
    }

    /// An error in a person's words.
    static func explain(_ error: any Error) -> String {
        switch error {
        case let error as TransportError: error.description
        case let error as IOError: "\(Errno(rawValue: error.errnoCode))"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { explain($0.error) }
                ?? "no such host: \(error.host)"
        case let error as HTTPClientError: "\(error.shortDescription)"
        case let error as NIOSSLError: explain(error)
        case is NIOSSLExtraError: "its certificate is for another host"
        default: "\(error)"
        }
    }

    private static func explain(_ error: NIOSSLError) -> String {
        switch error {
        case .handshakeFailed(let inner): "the TLS handshake failed: \(explain(inner))"
        case .unableToValidateCertificate: "its certificate cannot be verified"
        case .uncleanShutdown: "the connection was cut"
        default: "TLS: \(error)"
        }
    }

    private static func explain(_ error: BoringSSLError) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is not signed by an authority that this machine knows "
                + "(put the authority's certificate into /etc/containers/certs.d/HOST:PORT/ca.crt)"
        }
        return text.contains("WRONG_VERSION_NUMBER") ? "the server does not speak TLS" : text
    }
}
