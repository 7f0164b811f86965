public import LinuxSys

/// What is left of containers outside the engine's own files: monitors, processes, cgroups, the runtime's state.
public enum ContainerRemains {
    /// The monitors of a container, of its exec sessions too, found by their command lines; all monitors if nil.
    ///
    /// - Returns: container id and process of each.
    public static func monitors(of id: String? = nil) throws(Errno) -> [(container: String, process: ProcessIdentity)] {
        var found: [(container: String, process: ProcessIdentity)] = []
        for name in try File.names(in: "/proc") {
            guard let pid = Int32(name) else { continue }
            // A process may end while it is looked at; then it is no monitor any more.
            guard let bytes = try? File.read("/proc/\(pid)/cmdline", limit: 1 << 20) else { continue }
            let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let program = arguments.first, program == "conmon" || program.hasSuffix("/conmon"),
                let flag = arguments.firstIndex(of: "-c"), flag + 1 < arguments.count
            else { continue }
            let container = arguments[flag + 1]
            guard id == nil || container == id else { continue }
            // As above.
            if let process = try? ProcessIdentity(pid: pid) { found.append((container, process)) }
        }
        return found
    }

    /// Takes down whatever there is of a container, in an order in which nothing can come up again: monitors,
    /// processes, the runtime's state, cgroups. What is gone already is success; every step is tried.
    ///
    /// - Returns: what failed, each with its step; empty when nothing is left.
    public static func clear(_ id: String, runtime: OCIRuntime, cgroups: ContainerCgroups) -> [RuntimeFailure] {
        var failures: [RuntimeFailure] = []
        func attempt(_ step: String, _ body: () throws -> Void) {
            do { try body() } catch let failure as RuntimeFailure { failures.append(failure) } catch {
                failures.append(RuntimeFailure(.host, "\(step) of container \(id): \(error)"))
            }
        }
        attempt("killing the monitor") {
            for monitor in try monitors(of: id) {
                try monitor.process.kill(.kill)
                _ = try monitor.process.wait(.seconds(10))
            }
        }
        attempt("killing the processes") {
            guard try cgroups.kill(id) else { throw Errno.timedOut }
        }
        attempt("removing the runtime's state") { try runtime.delete(id, force: true) }
        attempt("removing the cgroups") { try cgroups.remove(id) }
        return failures
    }
}
