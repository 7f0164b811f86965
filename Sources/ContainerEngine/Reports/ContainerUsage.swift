internal import LinuxSys

/// What a container takes of the disk.
public struct ContainerSize: Sendable, Hashable {
    /// Bytes of what it has written over its image.
    public var written: Int64
    /// Bytes of the files in its image's layers.
    public var image: Int64
}

/// The namespaces that a container's process is in: the numbers that the kernel gives them (namespaces(7)).
public struct ContainerNamespaces: Sendable, Hashable {
    /// Mount.
    public var mount = ""
    /// Control groups.
    public var cgroup = ""
    /// System V and POSIX message queues.
    public var ipc = ""
    /// Network.
    public var network = ""
    /// Processes.
    public var pid = ""
    /// Host name.
    public var uts = ""
    /// Users.
    public var user = ""

    /// The namespaces of a process; empty where it has ended, or may not be looked at.
    public init(process: Int32?) {
        guard let process else { return }
        func number(_ name: String) -> String {
            // A process that has ended since is in no namespace.
            let target = (try? File.linkTarget("/proc/\(process)/ns/\(name)")) ?? ""
            return target.filter(\.isNumber)
        }
        mount = number("mnt")
        cgroup = number("cgroup")
        ipc = number("ipc")
        network = number("net")
        pid = number("pid")
        uts = number("uts")
        user = number("user")
    }
}

extension Engine {
    /// What a container takes of the disk. Each file is looked at: it may take long.
    public func size(of record: ContainerRecord) throws -> ContainerSize {
        let files = paths.files(of: record.spec)
        return ContainerSize(
            written: File.exists(files.upper) ? try Self.bytes(below: files.upper) : 0,
            image: try files.lower.reduce(0) { try $0 + Self.bytes(below: $1) })
    }

    /// Bytes of all files below a directory, one with several names once; directories themselves count nothing, as
    /// in Podman.
    private static func bytes(below path: String) throws -> Int64 {
        let root = try BeneathDirectory(opening: path)
        var total: Int64 = 0
        var counted: Set<UInt64> = []
        // The list takes the place of recursion: a container may nest as deep as it likes.
        var waiting: [[UInt8]] = [[]]
        while let path = waiting.popLast() {
            for (name, status) in try files(in: path, of: root) {
                if status.type == .directory {
                    waiting.append(path.isEmpty ? name : path + [UInt8(ascii: "/")] + name)
                } else if status.links < 2 || counted.insert(status.inode).inserted {
                    total += status.size
                }
            }
        }
        return total
    }

    /// What is in a directory; nothing if it has gone since it was listed, as a container that runs may do.
    private static func files(
        in path: [UInt8], of root: BeneathDirectory
    ) throws(Errno) -> [(name: [UInt8], status: FileStatus)] {
        var files: [(name: [UInt8], status: FileStatus)] = []
        do throws(Errno) {
            let directory = path.isEmpty ? root : try root.directory(path, links: .refused)
            for entry in try directory.entries() {
                if let status = try directory.status(entry.name) { files.append((entry.name, status)) }
            }
        } catch .noSuchFileOrDirectory {
        } catch .notDirectory {
        }
        return files
    }
}
