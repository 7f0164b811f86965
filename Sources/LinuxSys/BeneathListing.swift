internal import CLinux
internal import Glibc

/// One name in a directory.
public struct DirectoryEntry: Hashable, Sendable {
    /// The name's bytes.
    public var name: [UInt8]
    /// Its type, if the file system says it here; links are not followed.
    public var type: FileType?
}

extension BeneathDirectory {
    /// The names here, without `.` and `..`, at most `limit` of them, in the file system's order.
    public func entries(limit: Int = .max) throws(Errno) -> [DirectoryEntry] {
        guard let stream = unsafe clinux_directory_open(descriptor.raw) else { throw Errno(rawValue: errno) }
        defer { unsafe clinux_directory_close(stream) }
        var entries: [DirectoryEntry] = []
        while entries.count < limit {
            var name: UnsafePointer<CChar>?
            var type: UInt8 = 0
            let length = try syscall { unsafe clinux_directory_next(stream, &name, &type) }
            guard length > 0, let start = unsafe name else { break }
            // SAFETY: the name has `length` bytes and lives until the next call.
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
            // DT_* are the S_IF* bits shifted by 12 (dirent.h).
            entries.append(DirectoryEntry(name: unsafe Array(bytes), type: FileType(rawValue: UInt32(type) << 12)))
        }
        return entries
    }

    /// Whether nothing is here.
    public func isEmpty() throws(Errno) -> Bool {
        try entries(limit: 1).isEmpty
    }

    /// Takes the directory's exclusive flock(2) if nobody holds it. The kernel frees it when the last
    /// descriptor of this open goes, so with the process.
    public func tryLock() throws(Errno) -> Bool { try descriptor.tryLock() }

    /// Bytes that may still be written here, and how many the file system has (fstatvfs(3)).
    public func space() throws(Errno) -> (free: Int64, total: Int64) {
        var status = statvfs()
        try syscall { unsafe fstatvfs(descriptor.raw, &status) }
        let block = Int64(status.f_frsize)
        return (Int64(status.f_bavail) * block, Int64(status.f_blocks) * block)
    }
}

/// An extended attribute: xattr(7).
public struct ExtendedAttribute: Hashable, Sendable {
    /// With its namespace: `security.capability`.
    public var name: [UInt8]
    /// Any bytes.
    public var value: [UInt8]

    /// An attribute from its parts.
    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// Attributes of the file behind a descriptor, `O_PATH` or not. Nothing is found by name and no link followed.
extension OwnedFD {
    /// Sets owner and group (fchownat(2), `AT_EMPTY_PATH`). This clears set-id bits and capabilities: set it first.
    public func setOwner(_ owner: UInt32, group: UInt32) throws(Errno) {
        try syscall { clinux_set_owner(raw, owner, group) }
    }

    /// Sets the 12 permission bits. Symbolic links have none.
    public func setPermissions(_ permissions: UInt32) throws(Errno) {
        try syscall { clinux_set_mode(raw, permissions & 0o7777) }
    }

    /// Sets the times of last access and last change of content (utimensat(2)).
    public func setTimes(accessed: FileTime, modified: FileTime) throws(Errno) {
        try syscall {
            clinux_set_times(
                raw, accessed.seconds, accessed.nanoseconds, modified.seconds, modified.nanoseconds)
        }
    }

    /// Sets one extended attribute.
    public func setExtendedAttribute(_ attribute: ExtendedAttribute) throws(Errno) {
        guard !attribute.name.contains(0) else { throw Errno.invalidArgument }
        let name = attribute.name.map { CChar(bitPattern: $0) } + [0]
        // SAFETY: name and value live through the call, which copies them.
        try syscall {
            unsafe name.withUnsafeBufferPointer { name in
                unsafe attribute.value.withUnsafeBytes { value in
                    unsafe clinux_set_xattr(raw, name.baseAddress.unsafelyUnwrapped, value.baseAddress, value.count)
                }
            }
        }
    }

    /// All extended attributes that this process may see.
    public func extendedAttributes() throws(Errno) -> [ExtendedAttribute] {
        // 64 KiB is the kernel's limit of the list and of each value (XATTR_LIST_MAX, XATTR_SIZE_MAX).
        var buffer = [CChar](repeating: 0, count: 65536)
        let raw = raw
        // SAFETY: the kernel writes at most the given size.
        let length = try syscall {
            unsafe buffer.withUnsafeMutableBufferPointer { unsafe clinux_list_xattr(raw, $0.baseAddress, $0.count) }
        }
        let names = buffer.prefix(length).split(separator: 0)
        var attributes: [ExtendedAttribute] = []
        for name in names {
            let terminated = Array(name) + [0]
            let size = try syscall {
                unsafe buffer.withUnsafeMutableBufferPointer { value in
                    unsafe terminated.withUnsafeBufferPointer { name in
                        unsafe clinux_get_xattr(raw, name.baseAddress.unsafelyUnwrapped, value.baseAddress, value.count)
                    }
                }
            }
            attributes.append(
                ExtendedAttribute(
                    name: name.map { UInt8(bitPattern: $0) },
                    value: buffer.prefix(size).map { UInt8(bitPattern: $0) }))
        }
        return attributes
    }
}

extension OwnedFD {
    /// Takes the file's exclusive flock(2) if nobody holds it, until the last descriptor of this open goes.
    public func tryLock() throws(Errno) -> Bool {
        do throws(Errno) {
            try syscall { flock(raw, LOCK_EX | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }
}
