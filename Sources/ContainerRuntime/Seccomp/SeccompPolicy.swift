internal import LinuxSys
internal import OCISpec

/// `--security-opt seccomp=…`: which filter a container's system calls pass.
public enum SeccompPolicy: Sendable, Hashable {
    /// The host's default profile; none for privileged containers.
    case standard
    /// The profile at a path, for privileged containers too.
    case profile(String)
    /// None.
    case unconfined

    /// Reads the option's value.
    public init(_ value: String) {
        self = value == "unconfined" ? .unconfined : .profile(value)
    }

    /// Where the default profile is: the administrator's, else the distribution's.
    static let standardPaths = ["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"]

    /// The filter as JSON, for `RuntimeConfiguration.encoded(seccomp:)`.
    ///
    /// Reading the profile costs milliseconds, so each filter is kept ready in `cache`, a directory of the engine's
    /// run root; a profile that changes, or another set of capabilities, makes another filter.
    ///
    /// - Parameters:
    ///   - capabilities: The container's bounding set, by name.
    ///   - privileged: Whether the container is.
    ///   - cache: Where filters are kept; made when it is not there.
    /// - Returns: the filter; nil for none.
    /// - Throws: `RuntimeFailure` when the profile is missing or damaged.
    public func filter(
        capabilities: [String], privileged: Bool, cache: String?
    ) throws(RuntimeFailure) -> [UInt8]? {
        let path: String
        switch self {
        case .unconfined: return nil
        case .standard where privileged: return nil
        case .standard: path = try Self.standardPath()
        case .profile(let chosen): path = chosen
        }
        var set: Set<Capability> = []
        for name in capabilities { set.insert(try Capability(name)) }
        var target = SeccompTarget(
            architecture: SeccompTarget.nativeArchitecture, capabilities: set, kernel: try Self.kernel())
        if !Kernel.runsX32 { target.unsupported = ["SCMP_ARCH_X32"] }
        let cached = try cache.map { directory throws(RuntimeFailure) in
            CachedFilter(directory: directory, key: try Self.key(path, target))
        }
        if let text = cached?.read() { return text }
        let bytes: [UInt8]
        do throws(Errno) { bytes = try File.read(path, limit: 4 << 20) } catch { throw Self.unreadable(path, error) }
        let text = try SeccompProfile(parsing: bytes, named: path).filter(for: target).encoded()
        cached?.write(text)
        return text
    }

    private static func unreadable(_ path: String, _ error: Errno) -> RuntimeFailure {
        RuntimeFailure(
            error == .noSuchFileOrDirectory ? .invalidArgument : .host,
            "opening seccomp profile failed: open \(path): \(error)")
    }

    private static func kernel() throws(RuntimeFailure) -> String {
        do throws(Errno) {
            return try File.readText("/proc/sys/kernel/osrelease", limit: 4096).filter { !$0.isNewline }
        } catch {
            throw RuntimeFailure(.host, "cannot read the kernel's release: \(error)")
        }
    }

    /// Everything that the filter depends on: which file, when it last changed, and the target.
    private static func key(_ path: String, _ target: SeccompTarget) throws(RuntimeFailure) -> String {
        do throws(Errno) {
            let real = try File.resolve(path)
            let status = try File.status(real)
            let time = "\(status.modified.seconds).\(status.modified.nanoseconds)"
            let capabilities = target.capabilities.sorted().map { "\($0.number)" }.joined(separator: ",")
            return "\(real) \(status.device):\(status.inode) \(status.size) \(time) \(target.architecture) "
                + "\(target.kernel) \(capabilities)"
        } catch {
            throw unreadable(path, error)
        }
    }

    private static func standardPath() throws(RuntimeFailure) -> String {
        if let path = standardPaths.first(where: File.exists) { return path }
        throw RuntimeFailure(
            .missingProgram,
            "no seccomp profile at \(standardPaths.joined(separator: " or ")): install the package "
                + "golang-github-containers-common, or run with --security-opt seccomp=unconfined")
    }
}

/// One filter, kept ready in a file: its key in the first line, the JSON after it.
private struct CachedFilter {
    let directory: String
    let key: String

    private var path: String {
        // FNV-1a. Two keys with one hash only replace each other: the first line tells them apart.
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\(directory)/seccomp-\(String(hash, radix: 16)).json"
    }

    func read() -> [UInt8]? {
        // A cache that cannot be read is only a slower run.
        guard let bytes = try? File.read(path, limit: 4 << 20) else { return nil }
        let head = Array("\(key)\n".utf8)
        // The end is looked at too: after a power cut a file may be short.
        guard bytes.starts(with: head), bytes.count > head.count, bytes.last == UInt8(ascii: "}") else { return nil }
        return Array(bytes[head.count...])
    }

    func write(_ text: [UInt8]) {
        let temporary = "\(path).\(RandomBytes.hexadecimal(4))"
        do throws(Errno) {
            try File.makeDirectories(directory)
            try File.write(temporary, Array("\(key)\n".utf8) + text)
            try File.rename(temporary, to: path)
        } catch {
            // A cache that cannot be written is only a slower next run; what was begun is of no use.
            try? File.remove(temporary)
        }
    }
}
