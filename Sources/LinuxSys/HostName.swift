internal import Glibc

/// What the host says of itself.
public enum HostName {
    /// The host name of this process's UTS namespace (gethostname(2)).
    public static func current() throws(Errno) -> String {
        let text = try File.readText("/proc/sys/kernel/hostname", limit: 256)
        return String(text.prefix { !$0.isNewline })
    }

    /// Processors that are on line (sysconf(3)).
    public static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
}
