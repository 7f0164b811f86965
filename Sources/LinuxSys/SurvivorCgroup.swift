internal import Synchronization

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

/// Somebody is about to move a process to another cgroup: as long as this lives, that is quick.
///
/// A move shuts out every fork and exit on the host (`cgroup_threadgroup_rwsem`). As long as nobody moves anything, those
/// pass without looking, so the first move waits until all of them look: a grace period of RCU, some 10 ms. Those that
/// follow within the next one do not. So a thread moves this process to where it is, again and again, while the caller
/// and the one who is about to move something are at work.
public final class ExpectedCgroupMove: Sendable {
    private static let interval = Duration.milliseconds(3)
    /// Whoever has moved nothing by then, half a second, has to wait.
    private static let most = 160
    private let end = EndFlag()

    /// Begins; where a process cannot be moved or no thread be had, whoever moves one waits a little longer.
    public init() {
        guard let own = OwnCgroup() else { return }
        // As said above.
        _ = try? ThreadBound { [end] in
            let members = try OwnedFD.open("\(own.mount)\(own.path)/cgroup.procs", .write)
            var none: [PollEntry] = []
            for _ in 0..<Self.most where !end.hasCome.load(ordering: .relaxed) {
                try members.write(all: "0")
                try poll(&none, until: Deadline(after: Self.interval))
            }
        }
    }

    /// It has been made.
    public func made() { end.hasCome.store(true, ordering: .relaxed) }

    deinit { made() }

    private final class EndFlag: Sendable {
        let hasCome = Atomic(false)
    }
}
