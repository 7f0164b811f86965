internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys

/// A process of a container, as /proc of the host shows it (proc(5)).
public struct ContainerProcess: Sendable {
    /// Its number on the host.
    public var hostPID: Int32
    /// Its number, and its parent's and its group's, in the container; 0 for what is outside of it.
    public var pid: Int32 = 0
    /// See `pid`.
    public var parent: Int32 = 0
    /// See `pid`.
    public var group: Int32 = 0
    /// The program's name, at most 15 bytes.
    public var name: String
    /// The program and its arguments; empty for one that has ended.
    public var arguments: [String]
    /// One letter: `R`, `S`, `D`, …
    public var state: String
    /// Its terminal, such as `pts/0`; nil if it has none.
    public var terminal: String?
    /// From -20 to 19.
    public var nice: Int64
    /// Nanoseconds that it has computed.
    public var processorTime: Int64
    /// When it started, in nanoseconds since 1970, exact to a second.
    public var started: Int64
    /// Bytes of its address space.
    public var virtualSize: Int64
    /// Bytes of that which are in memory.
    public var residentSize: Int64
    /// Real, effective, saved and file system's.
    public var users: [UInt32]
    /// As `users`.
    public var groups: [UInt32]
    /// Groups besides.
    public var additionalGroups: [UInt32]
    /// Its sets of capabilities, by the names of /proc: `Inh`, `Prm`, `Eff`, `Bnd`, `Amb`.
    public var capabilities: [String: Set<String>]
    /// `disabled`, `strict` or `filter`.
    public var seccomp: String
    /// Its security module's label; nil without one.
    public var label: String?

    /// The kernel's unit of time for programs, on all hosts of today (`USER_HZ`, time(7)), and of memory.
    private static let ticksPerSecond: Int64 = 100
    private static let pageSize: Int64 = 4096

    /// Reads the texts of `/proc/PID/stat`, `status`, `cmdline` and `attr/current`; nil when they are not what they should be.
    ///
    /// `bootTime` is when the host started, in seconds since 1970.
    init?(hostPID: Int32, bootTime: Int64, stat: String, status: String, arguments: [UInt8], label: String?) {
        // The name is in parentheses and may hold anything, parentheses too.
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close else { return nil }
        let fields = stat[close...].dropFirst().split(separator: " ").map(String.init)
        guard fields.count > 21 else { return nil }
        func number(_ field: Int) -> Int64 { Int64(fields[field - 3]) ?? 0 }
        self.hostPID = hostPID
        name = String(stat[stat.index(after: open)..<close])
        state = fields[0]
        terminal = Self.terminal(number(7))
        processorTime = (number(14) + number(15)) * (1_000_000_000 / Self.ticksPerSecond)
        nice = number(19)
        started = (bootTime + number(22) / Self.ticksPerSecond) * 1_000_000_000
        virtualSize = number(23)
        residentSize = number(24) * Self.pageSize
        self.arguments = arguments.split(separator: 0, omittingEmptySubsequences: false)
            .dropLast(arguments.last == 0 ? 1 : 0).map { String(decoding: $0, as: UTF8.self) }
        if arguments.isEmpty { self.arguments = [] }
        self.label = label
        let lines = StatusLines(status)
        users = lines.numbers("Uid")
        groups = lines.numbers("Gid")
        additionalGroups = lines.numbers("Groups")
        guard users.count == 4, groups.count == 4 else { return nil }
        capabilities = lines.capabilities
        seccomp = ["0": "disabled", "1": "strict", "2": "filter"][lines["Seccomp"]] ?? "?"
    }

    /// The name of a terminal by its device number (proc(5), tty_nr; devices.txt).
    private static func terminal(_ device: Int64) -> String? {
        let (major, minor) = (device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00)
        return switch major {
        case 136...143: "pts/\(minor + (major - 136) * 256)"
        case 4 where minor < 64: "tty\(minor)"
        case 4: "ttyS\(minor - 64)"
        case 5 where minor == 1: "console"
        default: nil
        }
    }
}

/// `/proc/PID/status`: a line a key.
struct StatusLines {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[String(parts[0])] = parts[1].drop { $0.isWhitespace }.description
        }
    }

    subscript(key: String) -> String { values[key] ?? "" }

    func numbers(_ key: String) -> [UInt32] {
        self[key].split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
    }

    /// The numbers of the process from the host's view to its own, of `NSpid` or `NSpgid`.
    func nested(_ key: String) -> [Int32] { numbers(key).map { Int32(bitPattern: $0) } }

    var capabilities: [String: Set<String>] {
        let sets = ["Inh", "Prm", "Eff", "Bnd", "Amb"].map { name in
            let mask = UInt64(self["Cap\(name)"].prefix { $0.isHexDigit }, radix: 16) ?? 0
            return (name, Set(Capability.set(mask: mask).map { String($0.description.dropFirst(4)) }))
        }
        return Dictionary(sets) { $1 }
    }
}

/// The processes of a container, and who their users are.
public struct ContainerProcesses: Sendable {
    /// By their numbers in the container.
    public var list: [ContainerProcess] = []
    /// Names of users in the container.
    public var users: [UInt32: String] = [:]
    /// Names of groups in the container.
    public var groups: [UInt32: String] = [:]
    /// Names of users on the host.
    public var hostUsers: [UInt32: String] = [:]
    /// Names of groups on the host.
    public var hostGroups: [UInt32: String] = [:]
    /// Every capability that there is here.
    public var allCapabilities: Set<String> = []
}

extension Engine {
    /// The processes of a running container: those in its control groups.
    ///
    /// - Throws: `EngineError` when there is no such container, or it does not run.
    public func processes(of reference: String) throws -> ContainerProcesses {
        let record: ContainerRecord
        do { record = refreshed(try store.container(reference)) } catch let error as EngineError {
            throw EngineError("unable to look up requested container: \(error)", kind: error.kind)
        }
        guard record.isRunning else {
            throw EngineError("top can only be used on running containers", kind: .inUse)
        }
        var found = ContainerProcesses()
        let bootTime = try Self.bootTime()
        for pid in try ContainerCgroups().processes(record.id) {
            if let process = Self.process(pid, bootTime) { found.list.append(process) }
        }
        found.list.sort { $0.pid < $1.pid }
        let inside = Self.names(below: paths.rootfs(record.id))
        (found.users, found.groups) = (inside.users, inside.groups)
        let outside = Self.names(below: "/")
        (found.hostUsers, found.hostGroups) = (outside.users, outside.groups)
        found.allCapabilities = Set(
            try HostFacts(devices: false).capabilities.map { String($0.description.dropFirst(4)) })
        return found
    }

    private static func names(below root: String) -> AccountNames {
        // A root without these files, or with others in their place, has no names.
        (try? AccountNames(in: ContainerFiles(root: root))) ?? AccountNames()
    }

    /// When the host started, in seconds since 1970 (`btime` of /proc/stat).
    private static func bootTime() throws -> Int64 {
        let line = try File.readText("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) } ?? 0
    }

    /// A process by its number on the host; nil when it has ended since.
    private static func process(_ pid: Int32, _ bootTime: Int64) -> ContainerProcess? {
        func text(_ name: String, of pid: Int32) -> String? {
            // What cannot be read has ended, or is not there in this kernel.
            try? File.readText("/proc/\(pid)/\(name)", limit: 1 << 20)
        }
        guard let stat = text("stat", of: pid), let status = text("status", of: pid),
            let arguments = try? File.read("/proc/\(pid)/cmdline"),  // as above
            var process = ContainerProcess(
                hostPID: pid, bootTime: bootTime, stat: stat, status: status, arguments: arguments,
                label: text("attr/current", of: pid)?.filter { $0 != "\n" && $0 != "\0" })
        else { return nil }
        let lines = StatusLines(status)
        let own = lines.nested("NSpid")
        process.pid = own.last ?? pid
        process.group = lines.nested("NSpgid").last ?? 0
        // The parent of the first process, and of one that was brought in, is outside: in a namespace further up.
        let parent = lines.numbers("PPid").first.flatMap { text("status", of: Int32(bitPattern: $0)) }
        let parents = parent.map { StatusLines($0).nested("NSpid") } ?? []
        process.parent = parents.count == own.count ? parents.last ?? 0 : 0
        return process
    }
}
