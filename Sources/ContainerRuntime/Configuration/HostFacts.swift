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

    private static func thermalThrottles() throws(Errno) -> [String] {
        let directory = "/sys/devices/system/cpu"
        guard File.exists("\(directory)/cpu0/thermal_throttle") else { return [] }
        return try File.names(in: directory)
            .filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
            .map { "\(directory)/\($0)/thermal_throttle" }
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

    private static func device(_ path: String, _ type: String, _ status: FileStatus) -> RuntimeDevice {
        RuntimeDevice(
            path: path, type: type, major: Int64(status.represents.major), minor: Int64(status.represents.minor),
            fileMode: status.permissions, uid: status.owner, gid: status.group)
    }
}
