public import LinuxSys

/// What is left of containers outside the engine's own files: monitors, processes, cgroups, the runtime's state.
public enum ContainerRemains {
    /// A process that works for a container without being inside.
    public struct Helper: Sendable, Hashable {
        /// The container's id.
        public var container: String
        /// The process.
        public var process: ProcessIdentity
    }

    /// The monitors of a container, of its exec sessions too, found by their command lines; all monitors if nil.
    public static func monitors(of id: String? = nil) throws(Errno) -> [Helper] {
        try helpers { arguments in
            guard let program = arguments.first, program == "conmon" || program.hasSuffix("/conmon"),
                let flag = arguments.firstIndex(of: "-c"), flag + 1 < arguments.count
            else { return nil }
            return id == nil || arguments[flag + 1] == id ? arguments[flag + 1] : nil
        }
    }

    /// A runtime's commands that are under way for a container, such as `runc create`.
    private static func commands(of runtime: OCIRuntime, for id: String) throws(Errno) -> [Helper] {
        try helpers { arguments in
            arguments.first == runtime.path && arguments.contains(runtime.root) && arguments.last == id ? id : nil
        }
    }

    private static func helpers(where container: ([String]) -> String?) throws(Errno) -> [Helper] {
        var found: [Helper] = []
        for name in try File.names(in: "/proc") {
            guard let pid = Int32(name) else { continue }
            // A process may end while it is looked at; then it helps nobody any more.
            guard let bytes = try? File.read("/proc/\(pid)/cmdline", limit: 1 << 20) else { continue }
            let arguments = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard let container = container(arguments) else { continue }
            // As above.
            if let process = try? ProcessIdentity(pid: pid) {
                found.append(Helper(container: container, process: process))
            }
        }
        return found
    }

    /// Takes down whatever there is of a container, in an order in which nothing can come up again: monitors and
    /// the runtime's commands, processes, the runtime's state, cgroups. What is gone already is success; every step
    /// is tried.
    ///
    /// - Parameters:
    ///   - id: The container.
    ///   - runtime: What made it.
    ///   - cgroups: Where its cgroups are.
    /// - Returns: what failed, each with its step; empty when nothing is left.
    public static func clear(_ id: String, runtime: OCIRuntime, cgroups: ContainerCgroups) -> [RuntimeFailure] {
        var failures: [RuntimeFailure] = []
        func attempt(_ step: String, _ body: () throws -> Void) {
            do {
                try body()
            } catch let failure as RuntimeFailure {
                failures.append(failure)
            } catch {
                failures.append(RuntimeFailure(.host, "\(step) of container \(id): \(error)"))
            }
        }
        attempt("killing the monitor") { try killHelpers(id, runtime) }
        attempt("killing the processes") {
            guard try cgroups.kill(id) else { throw Errno.timedOut }
        }
        attempt("removing the runtime's state") { try runtime.delete(id, force: true) }
        attempt("removing the cgroups") { try cgroups.remove(id) }
        return failures
    }

    /// Looks again after each round: conmon forks when it starts, and what it forked may be new.
    private static func killHelpers(_ id: String, _ runtime: OCIRuntime) throws(Errno) {
        for _ in 0..<100 {
            let found = try monitors(of: id) + commands(of: runtime, for: id)
            if found.isEmpty { return }
            for helper in found { try helper.process.kill(.kill) }
            for helper in found {
                guard try helper.process.wait(.seconds(10)) else { throw .timedOut }
            }
        }
        throw .timedOut
    }
}
