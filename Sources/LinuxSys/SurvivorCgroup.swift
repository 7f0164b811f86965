/// The cgroup of processes that outlive the command that starts them (cgroups(7)).
///
/// systemd ends sessions and services by the cgroup, in one hierarchy: that of v2 wherever it is mounted, and the one
/// named `systemd` on a host that has v1 alone. A process that is elsewhere in that one is left alone.
struct SurvivorCgroup: ~Copyable {
    /// Below the root of the hierarchy, beside those of containers, whose names are ids.
    private static let path = "/swiftlet/conmon"
    private let group: OwnedFD
    private let members: OwnedFD

    /// The group's directory.
    var directory: Int32 { group.raw }
    /// Its `cgroup.procs`, to be written.
    var processes: Int32 { members.raw }

    /// The group, made if it is not there; nil where the caller's own is not one that can be ended, or where none can
    /// be had: where a process runs is a kindness, for which nothing must fail.
    static func needed(root: String = "/sys/fs/cgroup") -> SurvivorCgroup? {
        let hierarchy: (mount: String, line: String)
        if File.exists("\(root)/cgroup.controllers") {
            hierarchy = (root, "0::")
        } else if File.exists("\(root)/unified/cgroup.procs") {
            hierarchy = ("\(root)/unified", "0::")
        } else {
            hierarchy = ("\(root)/systemd", ":name=systemd:")
        }
        // As said above.
        guard let text = try? File.readText("/proc/self/cgroup", limit: 1 << 16),
            let line = text.split(separator: "\n").first(where: { $0.contains(hierarchy.line) }),
            let own = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last,
            own != "/", own != path
        else { return nil }
        let target = "\(hierarchy.mount)\(path)"
        do throws(Errno) {
            try File.makeDirectories(target, mode: 0o755)
            return SurvivorCgroup(
                group: try .open(target, [.read, .directory]), members: try .open("\(target)/cgroup.procs", .write))
        } catch {
            return nil
        }
    }
}
