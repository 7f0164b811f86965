internal import LinuxSys
internal import Synchronization

/// A number of jobs for some threads, which end together when one fails.
final class WorkList: Sendable {
    private struct State {
        var next = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let count: Int

    init(count: Int) {
        self.count = count
    }

    /// Does all jobs, each on one of so many threads, and waits for them.
    ///
    /// - Parameters:
    ///   - threads: how many jobs at the same time, at most.
    ///   - failed: called once, at the first failure.
    ///   - job: does the job of that number.
    /// - Throws: the first failure.
    func run(threads: Int, failed: @escaping @Sendable () -> Void = {}, _ job: @escaping @Sendable (Int) throws -> Void)
        throws
    {
        let running = try (0..<min(count, threads)).map { _ in
            try ThreadBound { [self] in
                while let number = take() {
                    do { try job(number) } catch {
                        if fail(error) { failed() }
                    }
                }
            }
        }
        for thread in running { try thread.join() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.failure == nil, state.next < count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// Whether this is the first failure.
    private func fail(_ error: any Error) -> Bool {
        state.withLock { state in
            defer { state.failure = state.failure ?? error }
            return state.failure == nil
        }
    }
}
