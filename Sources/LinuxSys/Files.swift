internal import CLinux
internal import Glibc

extension OwnedFD {
    /// Opens a file, close-on-exec (open(2)). `flags` are `O_*` bits of `FileFlags`.
    public static func open(_ path: String, _ flags: FileFlags, mode: UInt32 = 0o600) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try syscall { unsafe Glibc.open(path, flags.rawValue | O_CLOEXEC, mode_t(mode)) })
    }

    /// Reads once, at most `count` bytes; an empty answer is the end of the file (read(2)).
    public func read(upTo count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let raw = raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                // SAFETY: read writes at most `count` bytes into a buffer of that capacity.
                filled = try syscall { unsafe Glibc.read(raw, buffer.baseAddress, count) }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads to the end, at most `limit` bytes.
    ///
    /// - Throws: `Errno.fileTooLarge` when there is more.
    public func readAll(limit: Int = .max) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            // One more than may be there tells that there is more.
            let more = try read(upTo: min(limit, 65535) + 1)
            if more.isEmpty { return bytes }
            bytes += more
            if bytes.count > limit { throw Errno.fileTooLarge }
        }
    }

    /// Writes every byte (write(2), repeated).
    public func write(all bytes: [UInt8]) throws(Errno) {
        var done = 0
        let raw = raw
        while done < bytes.count {
            // SAFETY: the pointer and the count stay inside `bytes`.
            done += try syscall {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(raw, $0.baseAddress.unsafelyUnwrapped + done, $0.count - done)
                }
            }
        }
    }

    /// Writes every byte of a text's UTF-8 form.
    public func write(all text: String) throws(Errno) {
        try write(all: Array(text.utf8))
    }

    /// Waits until everything written is on the disk (fsync(2)).
    public func synchronize() throws(Errno) {
        try syscall { fsync(raw) }
    }

    /// Waits until the whole file system of this file is on the disk (syncfs(2)).
    public func synchronizeFileSystem() throws(Errno) {
        try syscall { clinux_syncfs(raw) }
    }

    /// Whether this is a terminal (isatty(3)).
    public var isTerminal: Bool { isatty(raw) == 1 }
}

/// How to open a file: open(2)'s flags.
public struct FileFlags: OptionSet, Sendable {
    /// The bits as open(2) takes them.
    public let rawValue: Int32
    /// Takes the kernel's bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `O_RDONLY`.
    public static let read = FileFlags([])
    /// `O_WRONLY`.
    public static let write = FileFlags(rawValue: O_WRONLY)
    /// `O_RDWR`.
    public static let readWrite = FileFlags(rawValue: O_RDWR)
    /// `O_CREAT`.
    public static let create = FileFlags(rawValue: O_CREAT)
    /// `O_EXCL`.
    public static let exclusive = FileFlags(rawValue: O_EXCL)
    /// `O_TRUNC`.
    public static let truncate = FileFlags(rawValue: O_TRUNC)
    /// `O_APPEND`.
    public static let append = FileFlags(rawValue: O_APPEND)
    /// `O_DIRECTORY`.
    public static let directory = FileFlags(rawValue: O_DIRECTORY)
    /// `O_NONBLOCK`.
    public static let nonBlocking = FileFlags(rawValue: O_NONBLOCK)
    /// `O_NOFOLLOW`.
    public static let noFollow = FileFlags(rawValue: O_NOFOLLOW)
}

/// The engine's own files, by absolute path. Nothing below a container's root is ever reached this way.
public enum File {
    /// Whether something is there, symbolic links not followed (lstat(2)).
    public static func exists(_ path: String) -> Bool {
        unsafe faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Whether a directory is there.
    public static func isDirectory(_ path: String) -> Bool {
        // A path that cannot be opened as a directory is none, whatever the reason.
        (try? OwnedFD.open(path, .directory)) != nil
    }

    /// The whole file, at most `limit` bytes.
    public static func read(_ path: String, limit: Int = 64 << 20) throws(Errno) -> [UInt8] {
        try OwnedFD.open(path, .read).readAll(limit: limit)
    }

    /// The whole file as text; bytes that are not UTF-8 become U+FFFD.
    public static func readText(_ path: String, limit: Int = 64 << 20) throws(Errno) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Writes a file in place, keeping its inode (bind mounts of it see the change).
    public static func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(Errno) {
        let file = try OwnedFD.open(path, [.write, .create, .truncate], mode: mode)
        try syscall { fchmod(file.raw, mode_t(mode)) }
        try file.write(all: bytes)
    }

    /// Writes a text in place.
    public static func write(_ path: String, _ text: String, mode: UInt32 = 0o600) throws(Errno) {
        try write(path, Array(text.utf8), mode: mode)
    }

    /// Replaces a file whole: a reader sees the old text or the new one, also after a power cut. Who is killed meanwhile
    /// leaves a hidden file beside it (`isUnfinished`).
    public static func replace(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(Errno) {
        let name = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let temporary = "\(path[..<name]).\(path[name...])\(unfinished)\(getpid())"
        do throws(Errno) {
            let file = try OwnedFD.open(temporary, [.write, .create, .truncate], mode: mode)
            try file.write(all: bytes)
            try file.synchronize()
            try syscall { unsafe Glibc.rename(temporary, path) }
        } catch {
            unsafe Glibc.unlink(temporary)
            throw error
        }
    }

    private static let unfinished = ".tmp-"

    /// Whether a name is that of a file that `replace` had not finished.
    public static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix(".") && name.contains(unfinished)
    }

    /// Makes a directory and those above it (mkdir(2)); one that is there is success.
    public static func makeDirectories(_ path: String, mode: UInt32 = 0o700) throws(Errno) {
        do throws(Errno) {
            try syscall { unsafe mkdir(path, mode_t(mode)) }
        } catch .fileExists {
            return
        } catch .noSuchFileOrDirectory {
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { throw .noSuchFileOrDirectory }
            try makeDirectories(String(path[..<slash]), mode: mode)
            try makeDirectories(path, mode: mode)
        }
    }

    /// Sets permission bits (chmod(2)).
    public static func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
        try syscall { unsafe chmod(path, mode_t(mode)) }
    }

    /// Removes a file (unlink(2)); one that is gone is success.
    public static func remove(_ path: String) throws(Errno) {
        do throws(Errno) { try syscall { unsafe unlink(path) } } catch .noSuchFileOrDirectory {}
    }

    /// Removes an empty directory (rmdir(2)); one that is gone is success.
    public static func removeDirectory(_ path: String) throws(Errno) {
        do throws(Errno) { try syscall { unsafe rmdir(path) } } catch .noSuchFileOrDirectory {}
    }

    /// Removes a directory of the engine's own and everything in it; one that is gone is success.
    ///
    /// The depth is the engine's own making, so that recursion ends. What a container wrote is removed beneath a
    /// descriptor instead (`BeneathDirectory`).
    public static func removeTree(_ path: String) throws(Errno) {
        for name in try names(in: path) { try removeEntry("\(path)/\(name)") }
        try removeDirectory(path)
    }

    /// Removes a file, or a directory and everything in it; one that is gone is success.
    public static func removeEntry(_ path: String) throws(Errno) {
        do throws(Errno) { try syscall { unsafe unlink(path) } } catch .isDirectory {
            try removeTree(path)
        } catch .noSuchFileOrDirectory {}
    }

    /// Renames (rename(2)).
    public static func rename(_ old: String, to new: String) throws(Errno) {
        try syscall { unsafe Glibc.rename(old, new) }
    }

    /// Makes a symbolic link (symlink(2)).
    public static func link(_ path: String, to target: String) throws(Errno) {
        try syscall { unsafe symlink(target, path) }
    }

    /// The names in a directory, sorted, without `.` and `..`; a directory that is gone has none.
    public static func names(in path: String) throws(Errno) -> [String] {
        guard let stream = unsafe opendir(path) else {
            let code = errno
            if code == ENOENT { return [] }
            throw Errno(rawValue: code)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            // SAFETY: d_name is NUL-terminated and lives until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What a symbolic link says (readlink(2)).
    public static func linkTarget(_ path: String) throws(Errno) -> String {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
            do throws(Errno) {
                // SAFETY: readlink writes at most the buffer's capacity.
                filled = try syscall {
                    unsafe buffer.withMemoryRebound(to: CChar.self) {
                        unsafe readlink(path, $0.baseAddress.unsafelyUnwrapped, 4096)
                    }
                }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The path with every symbolic link resolved (realpath(3)).
    public static func resolve(_ path: String) throws(Errno) -> String {
        guard let real = unsafe realpath(path, nil) else { throw Errno(rawValue: errno) }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// Device and inode of what the path leads to: two paths with the same pair are the same object (stat(2)).
    public static func identity(_ path: String) throws(Errno) -> FileIdentity {
        var status = stat()
        try syscall { unsafe stat(path, &status) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), mode: status.st_mode)
    }
}

/// Which file a path leads to, and its type and permission bits.
public struct FileIdentity: Hashable, Sendable {
    /// `st_dev`.
    public var device: UInt64
    /// `st_ino`.
    public var inode: UInt64
    /// `st_mode`.
    public var mode: UInt32
    /// Whether it is a directory.
    public var isDirectory: Bool { mode & 0o170000 == 0o040000 }
}

/// An advisory lock on a file (flock(2)), exclusive unless it says otherwise, held until `release` or until the process dies.
public final class FileLock {
    private var file: OwnedFD?

    /// Waits for the lock; the file is made if it is not there.
    public init(_ path: String) throws(Errno) {
        let file = try OwnedFD.open(path, [.readWrite, .create])
        try syscall { flock(file.raw, LOCK_EX) }
        self.file = consume file
    }

    /// Waits for a lock that many may hold at once, but nobody beside an exclusive one (`LOCK_SH`).
    public init(sharing path: String) throws(Errno) {
        let file = try OwnedFD.open(path, [.readWrite, .create])
        try syscall { flock(file.raw, LOCK_SH) }
        self.file = consume file
    }

    /// Takes the lock if nobody holds it; nil if somebody does.
    public init?(ifFree path: String) throws(Errno) {
        let file = try OwnedFD.open(path, [.readWrite, .create])
        do throws(Errno) {
            try syscall { flock(file.raw, LOCK_EX | LOCK_NB) }
        } catch .wouldBlock {
            return nil
        }
        self.file = consume file
    }

    /// Whether it has not been let go yet.
    public var isHeld: Bool {
        switch file {
        case .some: true
        case .none: false
        }
    }

    /// Lets the lock go. A holder says so itself, because the last use of a reference is not the end of its scope.
    public func release() {
        file = nil
    }

    /// Whether the file at `path` is still the one that is locked, not one made after it was removed.
    public func isCurrent(_ path: String) throws(Errno) -> Bool {
        var mine = stat()
        guard let raw = file?.raw else { return false }
        try syscall { unsafe fstat(raw, &mine) }
        do throws(Errno) {
            let there = try File.identity(path)
            return there.inode == UInt64(mine.st_ino) && there.device == UInt64(mine.st_dev)
        } catch .noSuchFileOrDirectory {
            return false
        }
    }
}
