internal import Glibc

/// What poll(2) is asked for, and what it answers.
public struct PollEvents: OptionSet, Sendable, Hashable {
    /// The bits as poll(2) has them.
    public let rawValue: Int16
    /// Takes the kernel's bits.
    public init(rawValue: Int16) { self.rawValue = rawValue }
    /// `POLLIN`.
    public static let readable = PollEvents(rawValue: Int16(POLLIN))
    /// `POLLOUT`.
    public static let writable = PollEvents(rawValue: Int16(POLLOUT))
    /// `POLLHUP | POLLERR | POLLNVAL`: answered without being asked for.
    public static let closed = PollEvents(rawValue: Int16(POLLHUP | POLLERR | POLLNVAL))
}

/// One descriptor among those that poll(2) waits for. A negative descriptor is left out.
public struct PollEntry: Sendable {
    /// The descriptor, or a negative number.
    public var descriptor: Int32
    /// What to wait for.
    public var events: PollEvents
    /// What there is.
    public var returned: PollEvents = []

    /// Waits for `events` of `descriptor`.
    public init(_ descriptor: Int32, _ events: PollEvents) {
        self.descriptor = descriptor
        self.events = events
    }
}

/// A moment until which to wait, on the clock that never jumps.
public struct Deadline: Sendable {
    private let at: Int64?

    /// The moment after `duration` from now; never if nil.
    public init(after duration: Duration?) {
        at = duration.map { duration in
            let (seconds, attoseconds) = duration.components
            let nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            let length = nanoseconds.overflow ? Int64.max / 2 : nanoseconds.partialValue + attoseconds / 1_000_000_000
            return Clock.monotonic + min(length, .max / 4)
        }
    }

    /// Whether the moment has come.
    public var hasPassed: Bool { milliseconds == 0 }

    /// What poll(2) takes: milliseconds until then, rounded up, 0 when it has come, -1 for never.
    public var milliseconds: Int32 {
        guard let at else { return -1 }
        let left = at - Clock.monotonic
        return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
    }
}

/// Waits until one of the entries has what it is asked for, or until the deadline (poll(2)).
///
/// - Returns: how many entries have something; 0 at the deadline.
@discardableResult
public func poll(_ entries: inout [PollEntry], until deadline: Deadline = Deadline(after: nil)) throws(Errno) -> Int {
    var descriptors = entries.map { pollfd(fd: $0.descriptor, events: $0.events.rawValue, revents: 0) }
    let count = nfds_t(descriptors.count)
    let ready = try syscall {
        // SAFETY: poll writes `revents` of the array's `count` entries only.
        unsafe descriptors.withUnsafeMutableBufferPointer {
            unsafe Glibc.poll($0.baseAddress, count, deadline.milliseconds)
        }
    }
    for index in entries.indices { entries[index].returned = PollEvents(rawValue: descriptors[index].revents) }
    return Int(ready)
}
