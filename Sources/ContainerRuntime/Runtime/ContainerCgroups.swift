public import LinuxSys

/// The cgroups of containers: one directory a container in each hierarchy, all below one parent (cgroups(7)).
///
/// A host has the unified hierarchy, or one a controller (v1), or both: what is there is found by looking.
public struct ContainerCgroups: Sendable {
    /// The cgroup that holds the containers' own.
    public static let defaultParent = "/swiftlet"

    /// Where each hierarchy is mounted.
    public let hierarchies: [String]
    /// The cgroup that holds the containers' own, from the root of each hierarchy.
    public let parent: String

    /// Looks what hierarchies there are.
    public init(parent: String = ContainerCgroups.defaultParent, root: String = "/sys/fs/cgroup") throws(Errno) {
        self.parent = parent
        if Self.isUnified(root) {
            hierarchies = [root]
        } else {
            // Links, such as cpu,cpuacct's two names, lead to directories that are listed themselves.
            hierarchies = try File.names(in: root).map { "\(root)/\($0)" }.filter { path in
                guard File.isDirectory(path) else { return false }
                // What can be read as a link is one; an error means that it is none.
                return (try? File.linkTarget(path)) == nil
            }
        }
    }

    /// Whether the host has the unified hierarchy and no other.
    public static func isUnified(_ root: String = "/sys/fs/cgroup") -> Bool {
        File.exists("\(root)/cgroup.controllers")
    }

    /// A container's cgroup from the root of each hierarchy: `linux.cgroupsPath`.
    public func path(_ id: String) -> String { "\(parent)/\(id)" }

    /// A container's directories that exist.
    public func directories(_ id: String) -> [String] {
        hierarchies.map { "\($0)\(path(id))" }.filter(File.exists)
    }

    /// The ids that have a directory in any hierarchy, sorted.
    public func identifiers() throws(Errno) -> [String] {
        var found: Set<String> = []
        for hierarchy in hierarchies {
            for name in try File.names(in: "\(hierarchy)\(parent)") where Self.isIdentifier(name) {
                found.insert(name)
            }
        }
        return found.sorted()
    }

    private static func isIdentifier(_ name: String) -> Bool {
        name.utf8.count == 64 && name.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
    }

    /// The processes in a container's cgroups and below them, sorted.
    public func processes(_ id: String) throws(Errno) -> [Int32] {
        var found: Set<Int32> = []
        for directory in directories(id) {
            for path in try tree(directory) { found.formUnion(try Self.processes(in: path)) }
        }
        return found.sorted()
    }

    /// Whether a container's processes stand still, or are about to (freezer-subsystem.rst, cgroup-v2.rst). Of the
    /// freezer of v1 it is taken that it is mounted by its own name.
    public static func isFrozen(
        _ id: String, parent: String = ContainerCgroups.defaultParent, root: String = "/sys/fs/cgroup"
    ) -> Bool {
        // A file that cannot be read is of the other version, or of a container that is gone.
        if let state = try? File.readText("\(root)/freezer\(parent)/\(id)/freezer.state", limit: 4096) {
            return state != "THAWED\n"
        }
        // As above.
        return (try? File.readText("\(root)\(parent)/\(id)/cgroup.freeze", limit: 4096)) == "1\n"
    }

    /// Lets frozen processes of a container go on, those in groups that it made itself, too. In v1 even SIGKILL waits for
    /// that.
    public func thaw(_ id: String) throws(Errno) {
        for directory in directories(id) where File.exists("\(directory)/freezer.state") {
            for path in try tree(directory) { try Self.write("THAWED", to: "\(path)/freezer.state") }
        }
        for directory in directories(id) where File.exists("\(directory)/cgroup.freeze") {
            try Self.write("0", to: "\(directory)/cgroup.freeze")
        }
    }

    /// Writes to a file of a group, which may go meanwhile.
    private static func write(_ text: String, to path: String) throws(Errno) {
        do throws(Errno) { try OwnedFD.open(path, .write).write(all: text) } catch
            where [.noSuchFileOrDirectory, .operationNotSupportedByDevice].contains(error)
        {
            return
        }
    }

    /// Kills everything in a container's cgroups and waits until it is gone.
    ///
    /// - Returns: whether nothing is left; false at the timeout.
    public func kill(_ id: String, timeout: Duration = .seconds(10)) throws(Errno) -> Bool {
        let deadline = Deadline(after: timeout)
        for directory in directories(id) where File.exists("\(directory)/cgroup.kill") {
            // One write kills the whole tree, forks in flight included; the loop below needs no luck then.
            do throws(Errno) {
                try OwnedFD.open("\(directory)/cgroup.kill", .write).write(all: "1")
            } catch .noSuchFileOrDirectory {
                // It went since it was looked for.
            }
        }
        while true {
            let remaining = try processes(id)
            if remaining.isEmpty { return true }
            var handles: [ProcessHandle] = []
            for pid in remaining {
                if let handle = try ProcessHandle(pid: pid) { handles.append(handle) }
            }
            for handle in handles { try handle.kill(.kill) }
            try thaw(id)
            for handle in handles {
                guard try handle.wait(until: deadline) else { return false }
            }
        }
    }

    /// Removes a container's directories, those below them too; what is gone already is success.
    ///
    /// - Throws: `Errno.resourceBusy` when a process is still in one.
    public func remove(_ id: String) throws(Errno) {
        var failure: Errno?
        for directory in directories(id) {
            do throws(Errno) {
                for path in try tree(directory).reversed() { try Self.removeDirectory(path) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// A directory and all below it, parents first.
    private func tree(_ directory: String) throws(Errno) -> [String] {
        var found: [String] = []
        var open = [directory]
        while let path = open.popLast() {
            found.append(path)
            open += try File.names(in: path).map { "\(path)/\($0)" }.filter(File.isDirectory)
        }
        return found
    }

    private static func processes(in directory: String) throws(Errno) -> [Int32] {
        let text: String
        do throws(Errno) {
            text = try File.readText("\(directory)/cgroup.procs")
        } catch .noSuchFileOrDirectory {
            return []
        } catch .operationNotSupportedByDevice {
            // The cgroup went between open and read.
            return []
        }
        return text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
    }

    /// The kernel counts a process as inside until it has been reaped, a moment after it has ended, and tells
    /// nobody in v1: so EBUSY is tried again, 100 times in half a second.
    private static func removeDirectory(_ path: String) throws(Errno) {
        for _ in 0..<100 {
            do throws(Errno) { return try File.removeDirectory(path) } catch .resourceBusy {
                var none: [PollEntry] = []
                try poll(&none, until: Deadline(after: .milliseconds(5)))
            }
        }
        try File.removeDirectory(path)
    }
}
