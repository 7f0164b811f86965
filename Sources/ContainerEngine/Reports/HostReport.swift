internal import ContainerRuntime
internal import LinuxSys

/// Facts of the host that `info` shows and that cost something to find: each is found when it is asked for.
public struct HostReport: Sendable {
    private let root: String

    init(root: String) {
        self.root = root
    }

    private static func lines(_ path: String) -> [Substring] {
        // What the host does not say stays empty: `info` is for looking at a host that lacks something, too.
        ((try? File.readText(path, limit: 1 << 20)) ?? "").split(separator: "\n")
    }

    /// Bytes that a line of /proc/meminfo says, such as `SwapFree` (proc_meminfo(5)).
    public func memory(_ name: String) -> Int64 {
        let line = Self.lines("/proc/meminfo").first { $0.hasPrefix("\(name):") }
        return (line?.split(separator: " ").dropFirst().first).flatMap { Int64($0) }.map { $0 * 1024 } ?? 0
    }

    /// The controllers that control groups have here, in the kernel's order (cgroups(7)).
    public var cgroupControllers: [String] {
        let unified = Self.lines("/sys/fs/cgroup/cgroup.controllers")
        if let unified = unified.first { return unified.split(separator: " ").map(String.init) }
        return Self.lines("/proc/cgroups").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: "\t").first.map(String.init) }
            .filter { File.exists("/sys/fs/cgroup/\($0)") }
    }

    /// How the processors spent their time since the host started, in percent (proc_stat(5)).
    public var processorTime: (user: Double, system: Double, idle: Double) {
        let numbers = Self.lines("/proc/stat").first?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        guard numbers.count >= 4 else { return (0, 0, 0) }
        let total = max(1, numbers[0] + numbers[1] + numbers[2] + numbers[3])
        func percent(_ part: Double) -> Double { (part / total * 10000).rounded() / 100 }
        return (percent(numbers[0] + numbers[1]), percent(numbers[2]), percent(numbers[3]))
    }

    /// A field of /etc/os-release, such as `VERSION_ID` (os-release(5)); empty if it is not there.
    public func distribution(_ field: String) -> String {
        let line = Self.lines("/etc/os-release").first { $0.hasPrefix("\(field)=") }
        return line?.dropFirst(field.utf8.count + 1).filter { $0 != "\"" && $0 != "'" } ?? ""
    }

    /// Whether AppArmor is on.
    public var hasAppArmor: Bool { Self.lines("/sys/module/apparmor/parameters/enabled").first == "Y" }

    /// Whether SELinux is on.
    public var hasSELinux: Bool { File.exists("/sys/fs/selinux/enforce") }

    /// The capabilities that a container has unless told otherwise.
    public var defaultCapabilities: [String] { Capability.defaults.sorted().map(\.description) }

    /// Bytes of the file system that everything is on, and how many are taken.
    public var space: (total: Int64, used: Int64) {
        // A file system that does not say how large it is has no size to show.
        guard let (free, total) = try? BeneathDirectory(opening: root).space() else { return (0, 0) }
        return (total, total - free)
    }

    /// The type of the file system that everything is on, in Podman's words.
    public var backingFileSystem: String {
        let mounts = Self.lines("/proc/self/mountinfo").compactMap { line -> (path: Substring, type: Substring)? in
            let words = line.split(separator: " ")
            guard words.count > 4, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { return nil }
            let path = words[4]
            let isAbove = path == "/" || root == path || root.hasPrefix("\(path)/")
            return isAbove ? (path, words[dash + 1]) : nil
        }
        // Of two mounts at one place the later one is seen.
        let type = mounts.reduce(("", "")) { best, mount in
            mount.path.count >= best.0.count ? (String(mount.path), String(mount.type)) : best
        }.1
        return ["ext2", "ext3", "ext4"].contains(type) ? "extfs" : type == "overlay" ? "overlayfs" : type
    }
}

extension EngineInfo.Component {
    /// What the program says of itself; empty if it says nothing.
    public var version: String { Self.said(by: path, ["--version"]) }

    /// The package that it came in, as `conmon_2.1.6+ds1-1_amd64`; `Unknown` for none.
    public var package: String {
        if Program.find("dpkg-query") == nil, let rpm = Program.find("rpm") {
            let name = Self.said(by: rpm, ["-q", "-f", path])
            return name.isEmpty ? "Unknown" : name
        }
        guard let dpkg = Program.find("dpkg-query"),
            let name = Self.said(by: dpkg, ["-S", path]).split(separator: ":").first
        else { return "Unknown" }
        let format = "${Package}_${Version}_${Architecture}"
        let package = Self.said(by: dpkg, ["-W", "-f", format, String(name)])
        return package.isEmpty ? "Unknown" : package
    }

    private static func said(by program: String, _ arguments: [String]) -> String {
        // A program that cannot answer is still there.
        guard let done = try? Program(path: program, arguments: arguments).run(), done.exitCode == 0 else { return "" }
        var text = String(decoding: done.output, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
