internal import CLinux
internal import Glibc

/// How symbolic links on the way to a file are taken.
public enum LinkRule: Sendable {
    /// Followed with this directory as their "/": `RESOLVE_IN_ROOT`, openat2(2).
    case inside
    /// Refused: `RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH`. `Errno.tooManySymbolicLinkLevels` if there is one.
    case refused
}

/// An open directory, and files beneath it and nowhere else.
///
/// Names are bytes, because file names need not be UTF-8. What creates, renames or removes takes one
/// component, never a path; what looks up takes a path and leaves its resolution to the kernel, which
/// refuses to leave this directory (openat2(2)). Links of /proc are never followed.
public final class BeneathDirectory: Sendable {
    /// The directory itself.
    public let descriptor: OwnedFD

    /// Takes over an open directory.
    public init(_ descriptor: consuming OwnedFD) {
        self.descriptor = descriptor
    }

    /// Opens a directory by its path, which is the engine's own and never an image's or a container's.
    public init(opening path: String) throws(Errno) {
        descriptor = try OwnedFD.open(path, .directory)
    }

    // MARK: Looking up

    /// The directory at a path beneath this one.
    public func directory(_ path: [UInt8], links: LinkRule) throws(Errno) -> BeneathDirectory {
        BeneathDirectory(try resolve(path, O_RDONLY | O_DIRECTORY, links))
    }

    /// Opens a file to read. It never waits, not for a FIFO's writer either (`O_NONBLOCK`).
    public func file(_ path: [UInt8], links: LinkRule) throws(Errno) -> OwnedFD {
        try resolve(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, links)
    }

    /// Opens a file to write at its end. It never waits.
    public func fileToAppend(_ path: [UInt8], links: LinkRule) throws(Errno) -> OwnedFD {
        try resolve(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY, links)
    }

    /// The file itself, whatever its type, a symbolic link included: `O_PATH | O_NOFOLLOW`. It can be asked
    /// for its status and given attributes, not read.
    public func node(_ path: [UInt8], links: LinkRule = .refused) throws(Errno) -> OwnedFD {
        try resolve(path, clinux_o_path | O_NOFOLLOW, links)
    }

    /// The file that a path leads to, links followed by the rule, opened as `O_PATH`: to ask, not to read.
    public func target(_ path: [UInt8], links: LinkRule) throws(Errno) -> OwnedFD {
        try resolve(path, clinux_o_path, links)
    }

    /// What is at one name, links not followed; nil if nothing is.
    public func status(_ name: [UInt8]) throws(Errno) -> FileStatus? {
        var status = stat()
        let directory = descriptor.raw
        do throws(Errno) {
            try unsafe component(name) { unsafe fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
        } catch .noSuchFileOrDirectory {
            return nil
        }
        return FileStatus(status)
    }

    /// What a symbolic link here says: bytes.
    public func linkTarget(_ name: [UInt8]) throws(Errno) -> [UInt8] {
        let directory = descriptor.raw
        // SAFETY: readlinkat writes at most the given size; the buffer lives through the call.
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try unsafe component(name) { name in
            unsafe buffer.withUnsafeMutableBufferPointer { target in
                unsafe readlinkat(directory, name, target.baseAddress.unsafelyUnwrapped, target.count)
            }
        }
        return buffer.prefix(count).map { UInt8(bitPattern: $0) }
    }

    private func resolve(_ path: [UInt8], _ flags: Int32, _ links: LinkRule) throws(Errno) -> OwnedFD {
        let rule =
            switch links {
            case .inside: clinux_resolve_in_root | clinux_resolve_no_magiclinks
            case .refused: clinux_resolve_beneath | clinux_resolve_no_symlinks | clinux_resolve_no_magiclinks
            }
        let (directory, flags) = (descriptor.raw, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)))
        while true {
            do throws(Errno) {
                return OwnedFD(
                    adopting: try unsafe withBytes(path) { unsafe clinux_openat2(directory, $0, flags, 0, rule) })
            } catch .resourceTemporarilyUnavailable {
                // openat2(2): a rename elsewhere happened meanwhile and the kernel could not be sure; try again.
                continue
            }
        }
    }

    // MARK: Making

    /// Makes a new file to write and read; it must not be there (`O_EXCL`).
    public func createFile(_ name: [UInt8], permissions: UInt32 = 0o600) throws(Errno) -> OwnedFD {
        let (directory, flags) = (descriptor.raw, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
        return OwnedFD(
            adopting: try unsafe component(name) { unsafe openat(directory, $0, flags, mode_t(permissions)) })
    }

    /// Opens a file to read and to write at its end (`O_APPEND`); it is made if it is missing. A link is not followed.
    public func appendableFile(_ name: [UInt8], permissions: UInt32 = 0o600) throws(Errno) -> OwnedFD {
        let (directory, flags) = (descriptor.raw, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        return OwnedFD(
            adopting: try unsafe component(name) { unsafe openat(directory, $0, flags, mode_t(permissions)) })
    }

    /// Makes a file without a name, which disappears with its descriptor unless `publish` names it.
    public func createTemporaryFile() throws(Errno) -> OwnedFD {
        let directory = descriptor.raw
        return OwnedFD(
            adopting: try syscall { unsafe openat(directory, ".", clinux_o_tmpfile | O_RDWR | O_CLOEXEC, 0o600) })
    }

    /// Names a file made by `createTemporaryFile` (linkat(2)).
    public func publish(_ file: borrowing OwnedFD, as name: [UInt8]) throws(Errno) {
        let (file, directory) = (file.raw, descriptor.raw)
        try unsafe component(name) { unsafe clinux_link_descriptor(file, directory, $0) }
    }

    /// Makes a directory.
    public func makeDirectory(_ name: [UInt8], permissions: UInt32 = 0o700) throws(Errno) {
        let directory = descriptor.raw
        try unsafe component(name) { unsafe mkdirat(directory, $0, mode_t(permissions)) }
    }

    /// Makes a symbolic link that says `target`, which is not looked at.
    public func makeSymbolicLink(_ name: [UInt8], to target: [UInt8]) throws(Errno) {
        let directory = descriptor.raw
        let target = try terminated(target)
        try unsafe component(name) { name in
            unsafe target.withUnsafeBufferPointer { target in
                unsafe symlinkat(target.baseAddress.unsafelyUnwrapped, directory, name)
            }
        }
    }

    /// Makes a second name for a file in another directory; a symbolic link there is linked itself.
    public func makeLink(_ name: [UInt8], to existing: [UInt8], in other: BeneathDirectory) throws(Errno) {
        let (from, to) = (other.descriptor.raw, descriptor.raw)
        try unsafe component(existing) { existing in
            unsafe withTerminated(name) { unsafe linkat(from, existing, to, $0, 0) }
        }
    }

    /// Makes a device, FIFO or socket (mknodat(2)).
    public func makeNode(
        _ name: [UInt8], _ type: FileType, device: DeviceNumber, permissions: UInt32 = 0o600
    ) throws(Errno) {
        let directory = descriptor.raw
        let number = clinux_makedev(device.major, device.minor)
        try unsafe component(name) { unsafe mknodat(directory, $0, mode_t(type.rawValue | permissions), dev_t(number)) }
    }

    // MARK: Moving and removing

    /// Removes a name that is no directory.
    public func unlink(_ name: [UInt8]) throws(Errno) {
        let directory = descriptor.raw
        try unsafe component(name) { unsafe unlinkat(directory, $0, 0) }
    }

    /// Removes an empty directory.
    public func removeDirectory(_ name: [UInt8]) throws(Errno) {
        let directory = descriptor.raw
        try unsafe component(name) { unsafe unlinkat(directory, $0, AT_REMOVEDIR) }
    }

    /// Moves a name to another directory, where nothing of that name may be (`RENAME_NOREPLACE`).
    public func move(_ name: [UInt8], to other: BeneathDirectory, as newName: [UInt8]) throws(Errno) {
        let (from, to) = (descriptor.raw, other.descriptor.raw)
        try unsafe component(newName) { newName in
            unsafe withTerminated(name) { unsafe clinux_rename_new(from, $0, to, newName) }
        }
    }

    /// Replaces a name in one step (renameat(2)).
    public func replace(_ name: [UInt8], with other: [UInt8]) throws(Errno) {
        let directory = descriptor.raw
        try unsafe component(name) { name in
            unsafe withTerminated(other) { unsafe renameat(directory, $0, directory, name) }
        }
    }

    // MARK: Names

    /// Calls with one component's C string. A slash, NUL, "", "." and ".." are `Errno.invalidArgument`.
    @discardableResult
    private func component<Result: FixedWidthInteger & SignedInteger>(
        _ name: [UInt8], _ call: (UnsafePointer<CChar>) -> Result
    ) throws(Errno) -> Result {
        try Self.check(name)
        return try unsafe withBytes(name, call)
    }

    private static func check(_ name: [UInt8]) throws(Errno) {
        let dot = UInt8(ascii: ".")
        guard !name.isEmpty, name != [dot], name != [dot, dot], !name.contains(UInt8(ascii: "/")) else {
            throw Errno.invalidArgument
        }
    }

    private func withBytes<Result: FixedWidthInteger & SignedInteger>(
        _ path: [UInt8], _ call: (UnsafePointer<CChar>) -> Result
    ) throws(Errno) -> Result {
        let path = try terminated(path)
        // SAFETY: the C string lives through the call, which does not keep it.
        return try syscall {
            unsafe path.withUnsafeBufferPointer { unsafe call($0.baseAddress.unsafelyUnwrapped) }
        }
    }

    /// For a second name inside a call: a name that is not one component is answered with EINVAL.
    private func withTerminated(_ name: [UInt8], _ call: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        do throws(Errno) {
            try Self.check(name)
            // SAFETY: as above.
            return try unsafe terminated(name).withUnsafeBufferPointer { unsafe call($0.baseAddress.unsafelyUnwrapped) }
        } catch {
            errno = EINVAL
            return -1
        }
    }

    private func terminated(_ bytes: [UInt8]) throws(Errno) -> [CChar] {
        guard !bytes.contains(0) else { throw Errno.invalidArgument }
        var text = [CChar]()
        text.reserveCapacity(bytes.count + 1)
        for byte in bytes { text.append(CChar(bitPattern: byte)) }
        text.append(0)
        return text
    }
}
