internal import ContainerRuntime
internal import LinuxSys

/// What a container has taken of the host until a moment: zero everywhere for one that does not run.
public struct ContainerStatistics: Sendable, Hashable {
    /// When, in nanoseconds since 1970.
    public var time: Int64 = 0
    /// Nanoseconds of processors since it started.
    public var processorTime: Int64 = 0
    /// Bytes of memory.
    public var memory: Int64 = 0
    /// Bytes of memory that it may have: its limit, or all that the host has.
    public var memoryLimit: Int64 = 0
    /// Bytes that came over its own networks.
    public var received: Int64 = 0
    /// Bytes that it sent over its own networks.
    public var sent: Int64 = 0
    /// Bytes that it read from disks.
    public var read: Int64 = 0
    /// Bytes that it wrote to disks.
    public var written: Int64 = 0
    /// Processes and threads.
    public var processes: Int64 = 0
    /// The part of one processor that it has had since it started: 1 for all of one.
    public var load = 0.0

    /// The part of one processor that it had since an earlier moment; since it started if there is none.
    public func load(since earlier: ContainerStatistics?) -> Double {
        // A container that was started again begins at zero.
        guard let earlier, earlier.processorTime <= processorTime, earlier.time < time else { return load }
        return Double(processorTime - earlier.processorTime) / Double(time - earlier.time)
    }
}

extension Engine {
    /// What a container has taken until now.
    public func statistics(of record: ContainerRecord) throws -> ContainerStatistics {
        var found = ContainerStatistics()
        let record = refreshed(record)
        guard record.hasProcess, let pid = record.run?.initProcess?.pid else { return found }
        let counters = try ContainerCgroups().counters(record.id)
        found.time = Clock.now
        found.processorTime = counters.processorTime
        if let started = record.started, started < found.time {
            found.load = Double(counters.processorTime) / Double(found.time - started)
        }
        found.memory = counters.memory
        found.memoryLimit = min(counters.memoryLimit, try Self.hostMemory())
        (found.read, found.written, found.processes) = (counters.read, counters.written, counters.processes)
        // On the host's network nothing of what is counted is the container's own.
        if record.spec.network != .host { (found.received, found.sent) = Self.traffic(pid) }
        return found
    }

    private static func hostMemory() throws -> Int64 {
        let line = try File.readText("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        return (line.flatMap { Int64($0.dropFirst(9).filter(\.isNumber)) } ?? 0) * 1024
    }

    /// Bytes that came and went over all links but `lo` in a process's network (proc(5), /proc/PID/net/dev).
    private static func traffic(_ pid: Int32) -> (received: Int64, sent: Int64) {
        // One that has ended since has none.
        let text = (try? File.readText("/proc/\(pid)/net/dev")) ?? ""
        var sum: (received: Int64, sent: Int64) = (0, 0)
        for line in text.split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, !parts[0].hasSuffix(" lo"), parts[0] != "lo" else { continue }
            let fields = parts[1].split(separator: " ").compactMap { Int64($0) }
            guard fields.count > 8 else { continue }
            sum.received += fields[0]
            sum.sent += fields[8]
        }
        return sum
    }
}
