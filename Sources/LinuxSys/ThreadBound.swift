internal import Glibc
internal import Synchronization

/// Work on a thread of its own, which ends with the work.
///
/// `setns`, `unshare` and the file-system attributes belong to a thread (namespaces(7)); what runs here may
/// leave the host's namespaces, because no other work ever runs on this thread.
public final class ThreadBound<Success: Sendable>: Sendable {
    private let outcome = Mutex<Result<Success, any Error>?>(nil)
    private let body: @Sendable () throws -> Success
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts `body` on a new thread.
    ///
    /// - Throws: `Errno.resourceTemporarilyUnavailable` when no thread can be made.
    public init(_ body: @escaping @Sendable () throws -> Success) throws(Errno) {
        self.body = body
        let context = unsafe Unmanaged<AnyObject>.passRetained(self)
        var identifier = pthread_t()
        // SAFETY: the retained reference is released by the thread's first statement, or here if there is none.
        let code = unsafe pthread_create(&identifier, nil, threadMain, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            throw Errno(rawValue: code)
        }
        thread.withLock { $0 = identifier }
    }

    /// Waits for the work's end: its result, or its error.
    public func join() throws -> Success {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let running { pthread_join(running, nil) }
        guard let outcome = outcome.withLock({ $0 }) else { throw Errno.noSuchProcess }
        return try outcome.get()
    }

    deinit {
        if let running = thread.withLock({ $0 }) { pthread_detach(running) }
    }

    /// Runs `body` on a new thread and waits for it.
    public static func run(_ body: @escaping @Sendable () throws -> Success) throws -> Success {
        try ThreadBound(body).join()
    }
}

private protocol AnyThread: AnyObject {
    func perform()
}

extension ThreadBound: AnyThread {
    fileprivate func perform() {
        let result = Result { try body() }
        outcome.withLock { $0 = result }
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context = unsafe context {
        // SAFETY: `context` is the reference that init retained for this thread.
        let thread = unsafe Unmanaged<AnyObject>.fromOpaque(context).takeRetainedValue()
        (thread as? any AnyThread)?.perform()
    }
    return nil
}
