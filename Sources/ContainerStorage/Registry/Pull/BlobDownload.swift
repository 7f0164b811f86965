internal import LinuxSys
internal import OCISpec
internal import Synchronization

/// Ends the downloads of one pull together: the first that fails takes the others with it.
final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var replies: [ObjectIdentifier: HTTPReply] = [:]
    }

    private let state = Mutex(State())

    /// Ends all that is being read, and all that will be.
    func cancel() {
        let replies = state.withLock { state in
            state.isCancelled = true
            return Array(state.replies.values)
        }
        for reply in replies { reply.cancel() }
    }

    func check() throws(StorageError) {
        if state.withLock({ $0.isCancelled }) { throw .unreachable("given up, since another layer failed") }
    }

    func replace(_ old: HTTPReply?, with new: HTTPReply?) {
        state.withLock { state in
            if let old { state.replies[ObjectIdentifier(old)] = nil }
            if let new { state.replies[ObjectIdentifier(new)] = new }
        }
    }
}

/// A blob as it arrives. When the connection breaks, the rest is asked for from where it broke; exactly the bytes
/// that the descriptor tells are given. Their digest is the reader's to check.
final class BlobDownload: ByteSource {
    /// How often in a row a connection may break without a byte in between.
    private static let patience = 4
    private let client: RegistryClient
    private let descriptor: ImageDescriptor
    private let cancellation: Cancellation
    private let progress: (Int64) -> Void
    private var reply: HTTPReply?
    private var position: Int64
    private var failures = 0
    /// Bytes that come a second time.
    private var repeated: Int64 = 0

    /// Begins after the first `start` bytes; `progress` is called with the number of bytes so far.
    init(
        _ client: RegistryClient, _ descriptor: ImageDescriptor, _ cancellation: Cancellation, from start: Int64 = 0,
        progress: @escaping (Int64) -> Void
    ) {
        self.client = client
        self.descriptor = descriptor
        position = start
        self.cancellation = cancellation
        self.progress = progress
    }

    deinit {
        cancellation.replace(reply, with: nil)
        reply?.cancel()
    }

    func next() throws -> [UInt8] {
        while true {
            try cancellation.check()
            // All of it was here already.
            if reply == nil, position > 0, position == descriptor.size { return [] }
            do {
                let current = try reply ?? open()
                var bytes = try current.next()
                if repeated > 0, !bytes.isEmpty {
                    let dropped = min(repeated, Int64(bytes.count))
                    bytes.removeFirst(Int(dropped))
                    repeated -= dropped
                    if bytes.isEmpty { continue }
                }
                if bytes.isEmpty {
                    if position == descriptor.size { return [] }
                    throw TransportError(description: "it ended after \(position) of \(descriptor.size) bytes")
                }
                guard Int64(bytes.count) <= descriptor.size - position else {
                    throw StorageError.invalid(
                        "the registry sends more than the \(descriptor.size) bytes it should have")
                }
                position += Int64(bytes.count)
                failures = 0
                progress(position)
                return bytes
            } catch let error as TransportError {
                try retry("\(error)")
            } catch let error as StorageError where error.code == .unreachable {
                try retry(error.message)
            }
        }
    }

    private func retry(_ reason: String) throws(StorageError) {
        try cancellation.check()
        use(nil)
        failures += 1
        guard failures < Self.patience else { throw .unreachable("blob \(descriptor.digest): \(reason)") }
        HTTPTransport.pause(milliseconds: 50 << (2 * failures))
    }

    private func use(_ new: HTTPReply?) {
        cancellation.replace(reply, with: new)
        reply?.cancel()
        reply = new
    }

    /// Asks for what is missing.
    private func open() throws -> HTTPReply {
        let opened = try client.blob(descriptor.digest, from: position, patience: 0)
        use(opened)
        let rest = opened.status == 206 ? descriptor.size - position : descriptor.size
        if opened.status == 206 {
            guard opened.header("Content-Range") == "bytes \(position)-\(descriptor.size - 1)/\(descriptor.size)" else {
                throw StorageError.invalid("the registry answers with another range than was asked for")
            }
        }
        if let length = opened.length, length != rest {
            throw StorageError.invalid("the registry has \(length) bytes of it instead of \(rest)")
        }
        // A server that knows no ranges begins anew: what is here already is dropped.
        repeated = opened.status == 200 ? position : 0
        return opened
    }
}
