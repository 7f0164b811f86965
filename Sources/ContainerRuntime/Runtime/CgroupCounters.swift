internal import LinuxSys

/// What the kernel counts of a container's cgroups; zero where a controller is not there.
public struct CgroupCounters: Sendable, Hashable {
    /// Nanoseconds of processors.
    public var processorTime: Int64 = 0
    /// Bytes of memory.
    public var memory: Int64 = 0
    /// Bytes of memory that it may have; the greatest number without a limit.
    public var memoryLimit = Int64.max
    /// Bytes read from disks.
    public var read: Int64 = 0
    /// Bytes written to disks.
    public var written: Int64 = 0
    /// Processes and threads.
    public var processes: Int64 = 0

    /// Nothing counted.
    public init() {}

    /// Takes in the counters of one of a container's directories: v2 has them all in one (cgroup-v2.rst), v1 has some in
    /// each (cgroup-v1/).
    mutating func add(_ directory: String) {
        func text(_ name: String) -> String? {
            // A file that is not there is of another controller, or the container is gone.
            try? File.readText("\(directory)/\(name)", limit: 1 << 20)
        }
        func number(_ name: String) -> Int64? {
            text(name).flatMap { text in
                let digits = text.prefix { !$0.isNewline }
                // v1 says "no limit" by a number near the greatest, v2 by a word.
                return digits == "max" ? .max : Int64(digits)
            }
        }
        if let time = number("cpuacct.usage") { processorTime = time }
        if let stat = text("cpu.stat"), let time = Self.value("usage_usec", in: stat) { processorTime = time * 1000 }
        if let bytes = number("memory.usage_in_bytes") ?? number("memory.current") { memory = bytes }
        if let bytes = number("memory.limit_in_bytes") ?? number("memory.max") { memoryLimit = bytes }
        if let count = number("pids.current") { processes = count }
        if let bytes = text("blkio.throttle.io_service_bytes_recursive") { addDisks(v1: bytes) }
        if let bytes = text("io.stat") { addDisks(v2: bytes) }
    }

    private static func value(_ key: String, in text: String) -> Int64? {
        text.split(separator: "\n").first { $0.hasPrefix("\(key) ") }.flatMap {
            Int64($0.dropFirst(key.utf8.count + 1))
        }
    }

    /// `MAJOR:MINOR Read BYTES`, a line an operation.
    mutating func addDisks(v1 text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let bytes = Int64(words[2]) else { continue }
            if words[1] == "Read" { read += bytes }
            if words[1] == "Write" { written += bytes }
        }
    }

    /// `MAJOR:MINOR rbytes=BYTES wbytes=BYTES …`, a line a disk.
    mutating func addDisks(v2 text: String) {
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let bytes = Int64(parts[1]) else { continue }
            if parts[0] == "rbytes" { read += bytes }
            if parts[0] == "wbytes" { written += bytes }
        }
    }
}

extension ContainerCgroups {
    /// What the kernel has counted of a container.
    public func counters(_ id: String) -> CgroupCounters {
        var counters = CgroupCounters()
        for directory in directories(id) { counters.add(directory) }
        return counters
    }
}
