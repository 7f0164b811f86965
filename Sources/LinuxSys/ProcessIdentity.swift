internal import CLinux
internal import Glibc

/// Which process of which boot: a pid alone may be another process by now.
///
/// Its text form, `BOOT_ID:PID:START`, is what databases store.
public struct ProcessIdentity: Sendable, Hashable, Codable, LosslessStringConvertible {
    /// `/proc/sys/kernel/random/boot_id` of the boot that the process belongs to.
    public let bootID: String
    /// The process id, in the namespace of whoever asked.
    public let pid: Int32
    /// When it started, in clock ticks since the boot (proc(5), stat field 22).
    public let startTime: UInt64

    /// The identity of a process that runs now.
    ///
    /// - Throws: `Errno.noSuchProcess` when there is none, or when it has ended and waits to be reaped.
    public init(pid: Int32) throws(Errno) {
        guard let status = try Self.status(of: pid), !status.hasEnded else { throw .noSuchProcess }
        self.init(bootID: try Self.currentBootID(), pid: pid, startTime: status.startTime)
    }

    private init(bootID: String, pid: Int32, startTime: UInt64) {
        self.bootID = bootID
        self.pid = pid
        self.startTime = startTime
    }

    /// Reads the text form.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let pid = Int32(parts[1]), pid > 0, let startTime = UInt64(parts[2]) else { return nil }
        self.init(bootID: String(parts[0]), pid: pid, startTime: startTime)
    }

    /// `BOOT_ID:PID:START`.
    public var description: String { "\(bootID):\(pid):\(startTime)" }

    /// Decodes the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identity = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no process identity: \(text)")
        }
        self = identity
    }

    /// Encodes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// This process.
    public static func current() throws(Errno) -> ProcessIdentity {
        try ProcessIdentity(pid: getpid())
    }

    /// The id of this boot, 36 characters (random(4)).
    public static func currentBootID() throws(Errno) -> String { try bootID.get() }

    private static let bootID = Result { () throws(Errno) in
        let text = try File.readText("/proc/sys/kernel/random/boot_id", limit: 4096)
        return String(text.prefix { !$0.isNewline })
    }

    /// Whether the process runs: one that has ended and waits to be reaped does not.
    ///
    /// - Throws: when /proc cannot be read, which says nothing about the process.
    public func isAlive() throws(Errno) -> Bool {
        guard let status = try Self.status(of: pid), status.startTime == startTime, !status.hasEnded else {
            return false
        }
        return try Self.currentBootID() == bootID
    }

    /// Sends a signal to this very process (pidfd_send_signal(2)).
    ///
    /// - Returns: false when it has ended.
    @discardableResult
    public func kill(_ signal: Signal) throws(Errno) -> Bool {
        try handle()?.kill(signal) ?? false
    }

    /// Waits for the process's end, whoever its parent is (pidfd_open(2)).
    ///
    /// - Returns: whether it has ended; false at the deadline.
    public func wait(_ timeout: Duration? = nil) throws(Errno) -> Bool {
        try handle()?.wait(until: Deadline(after: timeout)) ?? true
    }

    /// A hold on this very process; nil when it has ended.
    public func handle() throws(Errno) -> ProcessHandle? {
        guard let handle = try ProcessHandle(pid: pid) else { return nil }
        // Only now is the number bound to a process; it counts if that is the one meant.
        return try isAlive() ? handle : nil
    }

    private static func status(of pid: Int32) throws(Errno) -> (startTime: UInt64, hasEnded: Bool)? {
        let text: String
        do throws(Errno) {
            text = try File.readText("/proc/\(pid)/stat", limit: 65536)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .noSuchProcess {
            return nil
        }
        // The name, field 2, is in parentheses and may hold anything, parentheses too.
        guard let end = text.lastIndex(of: ")") else { throw .invalidArgument }
        let fields = text[end...].dropFirst().split(separator: " ")
        guard fields.count > 19, let startTime = UInt64(fields[19]) else { throw .invalidArgument }
        return (startTime, fields[0] == "Z" || fields[0] == "X")
    }
}

/// A process that is held on to by a descriptor: its number cannot become another's meanwhile (pidfd_open(2)).
public final class ProcessHandle: Sendable {
    /// Readable when the process has ended.
    public let descriptor: OwnedFD

    /// Holds on to whichever process has this number now; nil when none has.
    public init?(pid: Int32) throws(Errno) {
        do throws(Errno) {
            descriptor = OwnedFD(adopting: try syscall { clinux_pidfd_open(pid) })
        } catch .noSuchProcess {
            return nil
        } catch .invalidArgument {
            // Not a thread group's leader.
            return nil
        }
    }

    /// Sends a signal; false when the process has ended.
    @discardableResult
    public func kill(_ signal: Signal) throws(Errno) -> Bool {
        do throws(Errno) {
            try syscall { clinux_pidfd_send_signal(descriptor.raw, signal.rawValue) }
            return true
        } catch .noSuchProcess {
            return false
        }
    }

    /// Waits for the end: whether it came before the deadline.
    public func wait(until deadline: Deadline) throws(Errno) -> Bool {
        var entries = [PollEntry(descriptor.raw, .readable)]
        return try poll(&entries, until: deadline) > 0
    }
}
