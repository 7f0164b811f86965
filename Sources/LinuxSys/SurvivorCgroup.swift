/// The caller's cgroup in the hierarchy by which systemd ends sessions and services (cgroups(7)): that of v2 wherever
/// it is mounted, and the one named `systemd` on a host that has v1 alone.
private struct OwnCgroup {
    /// Where the hierarchy is mounted.
    let mount: String
    /// From the root of the hierarchy, as the caller sees it.
    let path: String

    /// nil where /proc or /sys tells of none.
    init?(root: String = "/sys/fs/cgroup") {
        let line: String
        if File.exists("\(root)/cgroup.controllers") {
            (mount, line) = (root, "0::")
        } else if File.exists("\(root)/unified/cgroup.procs") {
            (mount, line) = ("\(root)/unified", "0::")
        } else {
            (mount, line) = ("\(root)/systemd", ":name=systemd:")
        }
        // Whatever cannot be read, the caller goes on without.
        guard let text = try? File.readText("/proc/self/cgroup", limit: 1 << 16),
            let own = text.split(separator: "\n").first(where: { $0.contains(line) })?
                .split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last
        else { return nil }
        path = String(own)
    }
}

/// The cgroup of processes that outlive the command that starts them: systemd, which ends sessions and services by the
/// cgroup, leaves it alone.
struct SurvivorCgroup: ~Copyable {
    /// Beside those of containers, whose names are ids.
    private static let path = "/swiftlet/conmon"
    private let group: OwnedFD
    private let members: OwnedFD

    /// The group's directory.
    var directory: Int32 { group.raw }
    /// Its `cgroup.procs`, to be written.
    var processes: Int32 { members.raw }

    /// The group, made if it is not there; nil where the caller's own is not one that can be ended, or where none can
    /// be had: where a process runs is a kindness, for which nothing must fail.
    static func needed() -> SurvivorCgroup? {
        guard let own = OwnCgroup(), own.path != "/", own.path != path else { return nil }
        let target = "\(own.mount)\(path)"
        do throws(Errno) {
            try File.makeDirectories(target, mode: 0o755)
            return SurvivorCgroup(
                group: try .open(target, [.read, .directory]), members: try .open("\(target)/cgroup.procs", .write))
        } catch {
            return nil
        }
    }
}

/// Moves of processes between cgroups, which others are about to make.
public enum CgroupMoves {
    /// Pays for the first of them, beside what the caller does meanwhile.
    ///
    /// A move shuts out every fork and exit on the host (`cgroup_threadgroup_rwsem`). As long as nobody moves anything,
    /// those pass without looking, so the first move waits until all of them look: a grace period of RCU, some 10 ms.
    /// Those that follow soon do not. This moves the caller to where it is.
    public static func expect() {
        guard let own = OwnCgroup() else { return }
        // Whoever cannot have this waits a little longer; without a thread, too.
        _ = try? ThreadBound {
            try OwnedFD.open("\(own.mount)\(own.path)/cgroup.procs", .write).write(all: "0")
        }
    }
}
