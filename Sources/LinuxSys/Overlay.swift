internal import CLinux
internal import Glibc

/// What the kernel said when a mount was refused: the errno, and its own words if it has any.
public struct MountError: Error, CustomStringConvertible, Sendable {
    /// The call's error.
    public var code: Errno
    /// The step that failed, or the kernel's message.
    public var detail: String
    /// Both.
    public var description: String { "\(detail): \(code)" }
}

/// The directory of an overlay that takes what is changed.
public struct UpperDirectory: Hashable, Sendable {
    /// The directory itself.
    public var path: String
    /// overlayfs' own, on the same file system, empty.
    public var work: String

    /// These directories.
    public init(path: String, work: String) {
        self.path = path
        self.work = work
    }
}

/// The system calls of an overlay mount (kernel overlayfs.rst); what to mount where is decided above.
public enum OverlayCalls {
    /// Mounts with fsopen(2) and `lowerdir+`, which has no limit on the options' length (since Linux 6.7).
    /// `lower` has the read-only layers' directories, top first. Without `upper` nothing can be changed.
    ///
    /// - Throws: `MountError`; `Errno.invalidArgument` or `Errno.noFunction` where the kernel is older.
    public static func mount(
        lower: [String], upper: UpperDirectory?, target: String, noDevices: Bool
    ) throws(MountError) {
        let context = try OwnedFD(adopting: step("fsopen overlay") { unsafe clinux_fsopen("overlay") })
        let set = { (key: String, value: String) throws(MountError) in
            do throws(MountError) {
                try step("\(key) \(value)") { unsafe clinux_fsconfig_string(context.raw, key, value) }
            } catch {
                throw MountError(code: error.code, detail: message(context) ?? error.detail)
            }
        }
        try set("source", "overlay")
        for directory in lower { try set("lowerdir+", directory) }
        if let upper {
            try set("upperdir", upper.path)
            try set("workdir", upper.work)
        }
        do throws(MountError) {
            try step("mount overlay on \(target)") { clinux_fsconfig_create(context.raw) }
        } catch {
            throw MountError(code: error.code, detail: message(context) ?? error.detail)
        }
        let attributes = noDevices ? clinux_mount_attr_nodev : 0
        let mount = try OwnedFD(adopting: step("fsmount") { clinux_fsmount(context.raw, attributes) })
        try step("attach the overlay to \(target)") { unsafe clinux_move_mount(mount.raw, target) }
    }

    /// Mounts with mount(2), for kernels before 6.7. The layers are named by open descriptors
    /// (`/proc/self/fd/N`), because all options must fit in one page.
    ///
    /// - Throws: `MountError`, with `Errno.fileNameTooLong` when there are more layers than fit (about 200).
    public static func mountClassic(
        lower: [String], upper: UpperDirectory?, target: String, noDevices: Bool
    ) throws(MountError) {
        let directories = BeneathDirectories()
        for path in lower + (upper.map { [$0.path, $0.work] } ?? []) {
            do throws(Errno) {
                try directories.open(path)
            } catch {
                throw MountError(code: error, detail: "open \(path)")
            }
        }
        let names = directories.paths
        var options = "lowerdir=" + names.prefix(lower.count).joined(separator: ":")
        if upper != nil { options += ",upperdir=\(names[lower.count]),workdir=\(names[lower.count + 1])" }
        guard options.utf8.count < 4096 else {
            throw MountError(code: .fileNameTooLong, detail: "\(lower.count) layers are more than one mount can name")
        }
        try step("mount overlay on \(target)") { unsafe clinux_mount_overlay(target, noDevices ? 1 : 0, options) }
    }

    /// Unmounts what is on `target`, all of it if there are several; nothing there is success (umount2(2)).
    ///
    /// One that is busy is detached: it goes away with its last user.
    public static func unmount(_ target: String) throws(MountError) {
        // A mount repeated after a crash lies on the first one; 16 is far more than ever happens.
        for _ in 0..<16 {
            do throws(MountError) {
                try step("unmount \(target)") { unsafe clinux_unmount(target, 0) }
            } catch  where error.code == .resourceBusy {
                try step("detach \(target)") { unsafe clinux_unmount(target, 1) }
            } catch  where error.code == .invalidArgument || error.code == .noSuchFileOrDirectory {
                return
            }
        }
    }

    @discardableResult
    private static func step(_ what: String, _ call: () -> Int32) throws(MountError) -> Int32 {
        do throws(Errno) { return try syscall(call) } catch { throw MountError(code: error, detail: what) }
    }

    /// The last line that the kernel wrote into the file-system context: "e overlay: ...".
    private static func message(_ context: borrowing OwnedFD) -> String? {
        var last: String?
        // ENODATA ends the messages; another error leaves us with the errno, which is reported anyway.
        while let line = try? context.read(upTo: 1024), !line.isEmpty {
            last = String(decoding: line.dropFirst(2), as: UTF8.self).trimmed
        }
        return last
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// Work whose mounts nobody else sees.
package enum PrivateMounts {
    /// Runs `body` on a thread of its own in a mount namespace of its own (mount_namespaces(7)); what it mounts
    /// goes with the thread.
    ///
    /// Equivalent to: `unshare -m --propagation private`.
    package static func run<Success: Sendable>(_ body: @escaping @Sendable () throws -> Success) throws -> Success {
        try ThreadBound.run {
            try syscall { clinux_unshare(clinux_clone_newns) }
            try syscall { unsafe clinux_mount(nil, "/", nil, clinux_ms_rec | clinux_ms_private, nil) }
            return try body()
        }
    }
}

/// Directories held open while their numbers are used as names.
private final class BeneathDirectories {
    private var open: [BeneathDirectory] = []
    var paths: [String] { open.map { "/proc/self/fd/\($0.descriptor.raw)" } }

    func open(_ path: String) throws(Errno) {
        open.append(try BeneathDirectory(opening: path))
    }
}
