internal import LinuxSys

/// One kernel setting below /proc/sys (sysctl(8)) and the value it shall have.
public struct Sysctl: Hashable, Sendable {
    /// The path below /proc/sys: `net/ipv4/conf/br.1/rp_filter`, so that dots in a name need no escape.
    public var path: String
    /// The value, without a newline.
    public var value: String
    /// Whether a kernel that has no such setting, or lets nobody write it, is as good: IPv6 may be switched off.
    public var isOptional: Bool

    /// The setting `path` with the value it shall have.
    public init(_ path: String, _ value: String, isOptional: Bool = false) {
        self.path = path
        self.value = value
        self.isOptional = isOptional
    }

    /// What a person would type. A name with a dot needs the path with slashes, which sysctl(8) takes too.
    public var command: String { "sysctl -w \(path)=\(value)" }
}

/// Reads and writes kernel settings of one network namespace.
public protocol SysctlAccess: Sendable {
    /// The present value of each, in order, without a newline; nil where there is no such setting.
    func read(_ paths: [String]) throws -> [String?]
    /// Writes each value.
    func write(_ sysctls: [Sysctl]) throws
}

/// The settings of the calling thread's own network namespace.
public struct HostSysctls: SysctlAccess {
    /// Settings of the host.
    public init() {}

    /// Reads below /proc/sys.
    public func read(_ paths: [String]) throws -> [String?] {
        try paths.map { path in
            do throws(Errno) {
                return try File.readText("/proc/sys/\(path)", limit: 4096).trimmed
            } catch {
                guard error == .noSuchFileOrDirectory else { throw error }
                return nil
            }
        }
    }

    /// Writes below /proc/sys.
    public func write(_ sysctls: [Sysctl]) throws {
        for sysctl in sysctls {
            do throws(Errno) {
                let file = try OwnedFD.open("/proc/sys/\(sysctl.path)", .write)
                try file.write(all: sysctl.value)
            } catch {
                if sysctl.isOptional, [.readOnlyFileSystem, .noSuchFileOrDirectory].contains(error) { continue }
                throw NetworkError("set sysctl \(sysctl.path) to \(sysctl.value)", error)
            }
        }
    }
}

/// The settings of a container's namespace. /proc/sys/net shows those of the thread that opens it, so each call runs
/// on a thread of its own inside.
public struct NamespaceSysctls: SysctlAccess {
    private let path: String

    /// Settings of the namespace kept at `path`.
    public init(path: String) { self.path = path }

    /// Reads inside.
    public func read(_ paths: [String]) throws -> [String?] {
        let namespace = try NetworkNamespace(path: path)
        return try namespace.run { try HostSysctls().read(paths) }
    }

    /// Writes inside.
    public func write(_ sysctls: [Sysctl]) throws {
        let namespace = try NetworkNamespace(path: path)
        try namespace.run { try HostSysctls().write(sysctls) }
    }

    /// Reads, and writes what differs, on one thread.
    func apply(_ sysctls: [Sysctl]) throws {
        let namespace = try NetworkNamespace(path: path)
        try namespace.run { try HostSysctls().apply(sysctls) }
    }
}

extension SysctlAccess {
    /// Writes only what differs, so that a read-only /proc with the right values is good enough.
    func applyDifferences(_ sysctls: [Sysctl]) throws {
        let present = try read(sysctls.map(\.path))
        let different = zip(sysctls, present).compactMap { sysctl, value in value == sysctl.value ? nil : sysctl }
        let missing = zip(sysctls, present).first { !$0.isOptional && $1 == nil }
        if let missing { throw NetworkError("set sysctl \(missing.0.path)", .noSuchFileOrDirectory) }
        if !different.isEmpty { try write(different) }
    }

    func apply(_ sysctls: [Sysctl]) throws {
        if let inside = self as? NamespaceSysctls {
            try inside.apply(sysctls)
        } else {
            try applyDifferences(sysctls)
        }
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var text = Substring(self)
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
