internal import FoundationEssentials
public import LinuxSys
public import OCISpec

/// An OCI runtime and where it keeps its state: `crun`, `runc` or another with their command line
/// (OCI runtime-spec, runtime.md).
public struct OCIRuntime: Sendable, Hashable {
    /// Its name, which stands before its messages.
    public let name: String
    /// Its absolute path.
    public let path: String
    /// Where it keeps its state (`--root`), of this engine alone.
    public let root: String

    /// Takes a runtime as it is.
    public init(name: String, path: String, root: String) {
        self.name = name
        self.path = path
        self.root = root
    }

    /// The runtime that was asked for, or the first that is installed and works on this host; none is run to see.
    ///
    /// - Parameters:
    ///   - asked: A name or an absolute path; `crun`, else `runc`, if nil.
    ///   - root: Where it is to keep its state.
    /// - Returns: the runtime.
    /// - Throws: `RuntimeFailure` when there is none.
    public static func select(_ asked: String? = nil, root: String) throws(RuntimeFailure) -> OCIRuntime {
        if let asked {
            guard let path = Program.find(asked) else {
                throw RuntimeFailure(
                    .missingProgram,
                    "default OCI runtime \"\(asked)\" not found: invalid argument: install its Debian package (crun or "
                        + "runc), or give --runtime an absolute path")
            }
            return OCIRuntime(name: asked.split(separator: "/").last.map(String.init) ?? asked, path: path, root: root)
        }
        // crun refuses a host that has cgroup v1 and v2 side by side.
        for name in ContainerCgroups.isUnified() ? ["crun", "runc"] : ["runc"] {
            if let path = Program.find(name) { return OCIRuntime(name: name, path: path, root: root) }
        }
        throw RuntimeFailure(
            .missingProgram,
            "no OCI runtime found that works on this host: install the Debian package "
                + (ContainerCgroups.isUnified() ? "crun or runc" : "runc (crun needs cgroup v2 alone)"))
    }

    /// Starts a container that was created.
    ///
    /// - Throws: `RuntimeFailure` with what the runtime said.
    public func start(_ id: String) throws(RuntimeFailure) {
        if name == "runc", letGo(id) { return }
        try succeed(["start", id])
    }

    /// Does what `runc start` does for a container without hooks: its first process waits until somebody reads from
    /// `exec.fifo`; that the file is gone tells runc that the container was started.
    ///
    /// - Returns: whether the process went on; if not, runc itself knows better why.
    private func letGo(_ id: String) -> Bool {
        let path = "\(root)/\(id)/exec.fifo"
        do throws(Errno) {
            let fifo = try OwnedFD.open(path, [.read, .nonBlocking])
            var entries = [PollEntry(fifo.raw, .readable)]
            guard try poll(&entries, until: Deadline(after: .seconds(2))) > 0, try !fifo.read(upTo: 16).isEmpty else {
                return false
            }
            try File.remove(path)
            return true
        } catch {
            return false
        }
    }

    /// Forgets a container whose processes have ended and whose control groups the caller removes: all that `runc` and
    /// `crun` keep of it is a directory, so that neither has to be run. Any other runtime is asked to delete it.
    public func forget(_ id: String) throws(RuntimeFailure) {
        guard keepsDirectories else { return try delete(id, force: true) }
        do throws(Errno) { try File.removeTree("\(root)/\(id)") } catch {
            throw RuntimeFailure(.host, "cannot remove \(root)/\(id): \(error)")
        }
    }

    /// Sends a signal to a container's first process, or to all of its processes.
    public func kill(_ id: String, _ signal: Signal, all: Bool = false) throws(RuntimeFailure) {
        try succeed(["kill"] + (all ? ["--all"] : []) + [id, "\(signal.rawValue)"])
    }

    /// Has all processes of a container stand still, until `resume`.
    ///
    /// - Throws: `RuntimeFailure` with what the runtime said.
    public func pause(_ id: String) throws(RuntimeFailure) { try succeed(["pause", id]) }

    /// Lets the processes of a paused container go on.
    ///
    /// - Throws: `RuntimeFailure` with what the runtime said.
    public func resume(_ id: String) throws(RuntimeFailure) { try succeed(["resume", id]) }

    /// Removes what the runtime keeps of a container; with `force` a running one is killed. One that the runtime
    /// does not know is success.
    public func delete(_ id: String, force: Bool = false) throws(RuntimeFailure) {
        if !knows(id) { return }
        try succeed(["delete"] + (force ? ["--force"] : []) + [id])
    }

    /// What the runtime says of a container; nil when it does not know it.
    public func state(_ id: String) throws(RuntimeFailure) -> RuntimeState? {
        if !knows(id) { return nil }
        let answer = try succeed(["state", id])
        do {
            return try JSONDecoder().decode(RuntimeState.self, from: Data(answer.output))
        } catch {
            throw RuntimeFailure(.runtime, "\(name): state \(id): not the JSON that was expected: \(error)")
        }
    }

    /// The ids that the runtime knows of, sorted.
    public func identifiers() throws(RuntimeFailure) -> [String] {
        do throws(Errno) {
            return try File.names(in: root).filter { $0.utf8.count == 64 }
        } catch {
            throw RuntimeFailure(.host, "cannot list \(root): \(error)")
        }
    }

    /// The first line of `--version`.
    public func version() throws(RuntimeFailure) -> String {
        let answer = try run(arguments: ["--version"])
        return String(decoding: answer.output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private var keepsDirectories: Bool { ["runc", "crun"].contains(name) }

    /// Both runtimes keep a directory a container; any other is asked.
    private func knows(_ id: String) -> Bool {
        !keepsDirectories || File.exists("\(root)/\(id)")
    }

    @discardableResult
    private func succeed(_ command: [String]) throws(RuntimeFailure) -> ProgramOutput {
        // runc repeats its message, dressed up, in its log, which is stderr unless told otherwise.
        let log = name == "runc" ? ["--log", "/dev/null"] : []
        let answer = try run(arguments: ["--root", root] + log + command)
        if answer.exitCode == 0 { return answer }
        let text = answer.errorText.isEmpty ? "exit code \(answer.exitCode)" : answer.errorText
        throw RuntimeFailure(saying: text, by: name)
    }

    private func run(arguments: [String]) throws(RuntimeFailure) -> ProgramOutput {
        do {
            return try Program(path: path, arguments: arguments).run()
        } catch {
            throw RuntimeFailure(.host, "cannot run \(path): \(error)")
        }
    }
}

/// The log that runtimes write with `--log-format json`: one object a line.
enum RuntimeLog {
    private struct Line: Decodable {
        var level: String?
        var msg: String?
    }

    /// The last error in the log, or nil if there is none or no log.
    static func lastError(_ path: String) -> String? {
        // Without a log the runtime's standard error has to do.
        guard let text = try? File.readText(path, limit: 1 << 20) else { return nil }
        for line in text.split(separator: "\n").reversed() {
            // A line that is not JSON says nothing in a form that can be used.
            guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else { continue }
            if entry.level == "error" || entry.level == "fatal" { return entry.msg }
        }
        return nil
    }
}
