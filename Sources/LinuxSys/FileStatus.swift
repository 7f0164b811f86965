internal import CLinux
internal import Glibc

/// A moment of a file's life.
public struct FileTime: Hashable, Sendable {
    /// Seconds since 1970.
    public var seconds: Int64
    /// 0 to 999,999,999.
    public var nanoseconds: Int

    /// A time from its two numbers.
    public init(seconds: Int64, nanoseconds: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// What kind of file something is: `S_IFMT` of stat(2).
public enum FileType: UInt32, Sendable, CaseIterable {
    /// `S_IFREG`.
    case regular = 0o100000
    /// `S_IFDIR`.
    case directory = 0o040000
    /// `S_IFLNK`.
    case symbolicLink = 0o120000
    /// `S_IFCHR`.
    case characterDevice = 0o020000
    /// `S_IFBLK`.
    case blockDevice = 0o060000
    /// `S_IFIFO`.
    case fifo = 0o010000
    /// `S_IFSOCK`.
    case socket = 0o140000
}

/// A device's two numbers.
public struct DeviceNumber: Hashable, Sendable {
    /// Which driver.
    public var major: UInt32
    /// Which of its devices.
    public var minor: UInt32

    /// A device from its two numbers.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }
}

/// What stat(2) says of a file.
public struct FileStatus: Hashable, Sendable {
    /// `st_dev`.
    public var device: UInt64
    /// `st_ino`.
    public var inode: UInt64
    /// The type; nil for one that this kernel does not have today.
    public var type: FileType?
    /// The 12 bits of set-id, sticky and permissions.
    public var permissions: UInt32
    /// `st_nlink`.
    public var links: UInt64
    /// `st_uid`.
    public var owner: UInt32
    /// `st_gid`.
    public var group: UInt32
    /// Bytes.
    public var size: Int64
    /// For a device, which.
    public var represents: DeviceNumber
    /// `st_atim`.
    public var accessed: FileTime
    /// `st_mtim`.
    public var modified: FileTime

    /// Whether overlayfs takes this file for "deleted here": a character device 0:0 (kernel overlayfs.rst).
    public var isWhiteout: Bool {
        type == .characterDevice && represents == DeviceNumber(major: 0, minor: 0)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        type = FileType(rawValue: status.st_mode & S_IFMT)
        permissions = status.st_mode & 0o7777
        links = UInt64(status.st_nlink)
        owner = status.st_uid
        group = status.st_gid
        size = Int64(status.st_size)
        represents = DeviceNumber(
            major: clinux_major(UInt64(status.st_rdev)), minor: clinux_minor(UInt64(status.st_rdev)))
        accessed = FileTime(seconds: Int64(status.st_atim.tv_sec), nanoseconds: Int(status.st_atim.tv_nsec))
        modified = FileTime(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
    }
}
