internal import CLinux
internal import Glibc

/// A limit of this process (getrlimit(2)); `UInt64.max` is "unlimited".
public struct ProcessLimit: Hashable, Sendable {
    /// Which resource.
    public enum Resource: Sendable, CaseIterable {
        /// `RLIMIT_NOFILE`.
        case openFiles
        /// `RLIMIT_NPROC`.
        case processes
    }

    /// What counts now.
    public var soft: UInt64
    /// How far the soft limit may be raised.
    public var hard: UInt64

    /// This process's limit of a resource.
    public init(_ resource: Resource) throws(Errno) {
        let number: Int32 =
            switch resource {
            case .openFiles: clinux_limit_nofile
            case .processes: clinux_limit_nproc
            }
        var (soft, hard): (UInt64, UInt64) = (0, 0)
        // SAFETY: both numbers are written before the call returns.
        try syscall { unsafe clinux_get_limit(number, &soft, &hard) }
        self.soft = soft
        self.hard = hard
    }
}

extension ProcessLimit {
    /// Lets this process open as many descriptors as it ever may: how many that is.
    public static func raiseOpenFiles() throws(Errno) -> Int {
        let limit = try ProcessLimit(.openFiles)
        try syscall { clinux_raise_limit(clinux_limit_nofile) }
        return Int(clamping: limit.hard)
    }
}

/// What a mount forbids (mount(2)).
public struct MountRestrictions: OptionSet, Hashable, Sendable {
    /// The set's bits.
    public let rawValue: Int32
    /// A set of bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// Set-id bits have no effect.
    public static let noSetID = MountRestrictions(rawValue: 1)
    /// Device files cannot be opened.
    public static let noDevices = MountRestrictions(rawValue: 2)
    /// Programs cannot be run.
    public static let noExecution = MountRestrictions(rawValue: 4)
    /// Nothing can be written.
    public static let readOnly = MountRestrictions(rawValue: 8)

    /// What the mount that holds `path` forbids (statvfs(3)).
    public init(of path: String) throws(Errno) {
        self.init(rawValue: try syscall { unsafe clinux_mount_restrictions(path) })
    }
}

extension File {
    /// What stat(2) says of what a path leads to.
    public static func status(_ path: String) throws(Errno) -> FileStatus {
        var status = stat()
        try syscall { unsafe stat(path, &status) }
        return FileStatus(status)
    }
}
