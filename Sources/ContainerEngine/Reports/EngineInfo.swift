internal import ContainerRuntime
internal import LinuxSys

/// The host, the store and the programs that the engine stands on, for `info`.
public struct EngineInfo: Sendable {
    /// A program that the engine uses.
    public struct Component: Sendable {
        /// Its name.
        public var name: String
        /// Where it is.
        public var path: String
    }

    /// The directories.
    public var paths: EnginePaths
    /// `v1` or `v2`.
    public var cgroupVersion: String
    /// conmon; nil if it is not installed.
    public var monitor: Component?
    /// The OCI runtime; nil if there is none.
    public var runtime: Component?
    /// Processors that this process may use.
    public var cpus: Int
    /// The host's name.
    public var hostname: String
    /// The kernel's release.
    public var kernel: String
    /// What is found only when it is asked for.
    public var host: HostReport
    /// Nanoseconds since the host started.
    public var uptime: Int64
    /// The path of the seccomp profile.
    public var seccompProfile: String
    /// Containers, and how many of them run.
    public var containers: (total: Int, running: Int)
    /// Images.
    public var images: Int
}

extension Engine {
    /// The host, the store and the programs that the engine stands on.
    public func info() throws -> EngineInfo {
        let records = try containers().map(refreshed)
        let images = try store.database.query("SELECT count(*) FROM images").first?.integer(0) ?? 0
        let uptime = Double(try File.readText("/proc/uptime", limit: 256).prefix { $0 != " " }) ?? 0
        return EngineInfo(
            paths: paths, cgroupVersion: File.exists("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1",
            monitor: component("conmon"), runtime: component(try Launcher(self).runtime(configuration().runtime).name),
            cpus: HostName.processors,
            hostname: try HostName.current(),
            kernel: try File.readText("/proc/sys/kernel/osrelease", limit: 256).filter { !$0.isNewline },
            host: HostReport(root: paths.root), uptime: Int64(uptime * 1_000_000_000),
            seccompProfile: "/usr/share/containers/seccomp.json",
            containers: (records.count, records.count { $0.state == .running }), images: Int(images))
    }

    private func component(_ name: String) -> EngineInfo.Component? {
        guard let path = Program.find(name) else { return nil }
        return EngineInfo.Component(name: name, path: path)
    }
}
