internal import LinuxSys
internal import Synchronization

/// The duration of each step of a command, for `--timing`.
public final class Timing: Sendable {
    /// One step: its name, when it began after the command's start, and how long it took, in nanoseconds.
    public struct Span: Sendable {
        /// What was done.
        public var name: String
        /// Nanoseconds from the command's start to the step's.
        public var start: Int64
        /// Nanoseconds that the step took.
        public var duration: Int64
    }

    private let origin: Int64
    private let spans = Mutex<[Span]>([])

    /// Starts the clock.
    public init() {
        origin = Clock.monotonic
    }

    /// Runs `body` and records how long it took, whether or not it fails.
    public func measure<Result: ~Copyable>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        let start = Clock.monotonic
        defer {
            let end = Clock.monotonic
            spans.withLock { $0.append(Span(name: name, start: start - origin, duration: end - start)) }
        }
        return try body()
    }

    /// What was measured so far, in order of the steps' starts.
    public var recorded: [Span] {
        spans.withLock { $0 }.sorted { $0.start < $1.start }
    }
}
