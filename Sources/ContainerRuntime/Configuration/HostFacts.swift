public import LinuxSys
public import OCISpec

/// What a configuration depends on of the host that the container runs on.
public struct HostFacts: Sendable {
    /// What this process may ever have: no container can have more.
    public var capabilities: Set<Capability>
    /// Whether limits can be raised above this process's own (`CAP_SYS_RESOURCE`).
    public var canRaiseLimits: Bool
    /// `RLIMIT_NOFILE` of this process.
    public var openFiles: ProcessLimit
    /// `RLIMIT_NPROC` of this process.
    public var processes: ProcessLimit
    /// What this process can raise each limit to, by the limit's name, where it is bounded.
    public var hardLimits: [String: UInt64] = [:]
    /// `/proc/sys/fs/nr_open`: what no `RLIMIT_NOFILE` may exceed.
    public var maximumOpenFiles: UInt64
    /// `thermal_throttle` directories, one a processor: they tell a container about its neighbours.
    public var thermalThrottles: [String]
    /// The host's device files, for privileged containers.
    public var devices: [RuntimeDevice]

    /// This host.
    ///
    /// - Parameter wanted: Whether to look for device files.
    /// - Throws: `RuntimeFailure` when /proc cannot be read.
    public init(devices wanted: Bool) throws(RuntimeFailure) {
        do throws(Errno) {
            let status = try File.readText("/proc/self/status", limit: 1 << 16)
            capabilities = Capability.set(mask: Self.mask("CapBnd", in: status))
            let effective = Capability.set(mask: Self.mask("CapEff", in: status))
            canRaiseLimits = effective.contains { $0.description == "CAP_SYS_RESOURCE" }
            hardLimits = Self.hardLimits(try File.readText("/proc/self/limits", limit: 1 << 16))
            openFiles = try ProcessLimit(.openFiles)
            processes = try ProcessLimit(.processes)
            let limit = try File.readText("/proc/sys/fs/nr_open", limit: 64)
            maximumOpenFiles = UInt64(limit.prefix { $0.isNumber }) ?? 1_048_576
            thermalThrottles = try Self.thermalThrottles()
            devices = wanted ? try HostDevices.list() : []
        } catch {
            throw RuntimeFailure(.host, "cannot learn about this host from /proc, /sys and /dev: \(error)")
        }
    }

    private static func mask(_ name: String, in status: String) -> UInt64 {
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line.flatMap { UInt64($0.dropFirst(name.count + 1).filter { !$0.isWhitespace }, radix: 16) } ?? 0
    }

    /// The hard limits that /proc/self/limits shows (proc(5)); those without a bound are left out.
    private static func hardLimits(_ text: String) -> [String: UInt64] {
        let names = [
            "Max cpu time": "CPU", "Max file size": "FSIZE", "Max data size": "DATA", "Max stack size": "STACK",
            "Max core file size": "CORE", "Max resident set": "RSS", "Max processes": "NPROC",
            "Max open files": "NOFILE", "Max locked memory": "MEMLOCK", "Max address space": "AS",
            "Max file locks": "LOCKS", "Max pending signals": "SIGPENDING", "Max msgqueue size": "MSGQUEUE",
            "Max nice priority": "NICE", "Max realtime priority": "RTPRIO", "Max realtime timeout": "RTTIME",
        ]
        var limits: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            guard let name = names.first(where: { line.hasPrefix("\($0.key) ") }) else { continue }
            let words = line.dropFirst(name.key.count).split(separator: " ")
            if words.count > 1, let hard = UInt64(words[1]) { limits["RLIMIT_\(name.value)"] = hard }
        }
        return limits
    }

    private static func thermalThrottles() throws(Errno) -> [String] {
        let directory = "/sys/devices/system/cpu"
        guard File.exists("\(directory)/cpu0/thermal_throttle") else { return [] }
        return try File.names(in: directory)
            .filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
            .map { "\(directory)/\($0)/thermal_throttle" }
    }
}

extension RuntimeDevice {
    /// The host's device file at a path, as it is to be inside; nil when it is none.
    public init?(host path: String, as destination: String) throws(RuntimeFailure) {
        let found: RuntimeDevice?
        do throws(Errno) { found = try HostDevices.find(path, as: destination) } catch {
            throw RuntimeFailure(.invalidArgument, "stat \(path): \(error)")
        }
        guard let found else { return nil }
        self = found
    }
}

/// The host's device files.
enum HostDevices {
    /// What Podman leaves out: file systems of their own, and the terminal of the boot.
    private static let skippedDirectories: Set<String> = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"]

    /// Every device file below /dev, links not followed, sorted by path.
    static func list() throws(Errno) -> [RuntimeDevice] {
        var devices: [RuntimeDevice] = []
        var directories = ["/dev"]
        while let path = directories.popLast() {
            let directory: BeneathDirectory
            do throws(Errno) {
                directory = try BeneathDirectory(opening: path)
            } catch .noSuchFileOrDirectory {
                continue
            }
            for name in try File.names(in: path) where name != "console" {
                guard let status = try directory.status(Array(name.utf8)) else { continue }
                switch status.type {
                case .directory where !skippedDirectories.contains(name): directories.append("\(path)/\(name)")
                case .characterDevice: devices.append(device("\(path)/\(name)", "c", status))
                case .blockDevice: devices.append(device("\(path)/\(name)", "b", status))
                case .directory, .regular, .symbolicLink, .fifo, .socket, nil: break
                }
            }
        }
        return devices.sorted { $0.path < $1.path }
    }

    /// One device file, by its path on the host, as it is to be inside; nil when it is none.
    static func find(_ path: String, as destination: String) throws(Errno) -> RuntimeDevice? {
        let status = try File.status(try File.resolve(path))
        switch status.type {
        case .characterDevice: return device(destination, "c", status)
        case .blockDevice: return device(destination, "b", status)
        case .directory, .regular, .symbolicLink, .fifo, .socket, nil: return nil
        }
    }

    private static func device(_ path: String, _ type: String, _ status: FileStatus) -> RuntimeDevice {
        RuntimeDevice(
            path: path, type: type, major: Int64(status.represents.major), minor: Int64(status.represents.minor),
            fileMode: status.permissions, uid: status.owner, gid: status.group)
    }
}
