public import LinuxSys
internal import OCISpec

extension Monitor {
    /// What conmon is told about a further process in a running container. Every path is absolute.
    public struct ExecRequest: Sendable {
        /// The session's id, 64 hexadecimal digits.
        public var session: String
        /// The container's id.
        public var container: String
        /// The container's name.
        public var name: String
        /// The session's own directory, which is there; `process.json`, `attach` and `ctl` lie in it.
        public var directory: String
        /// Where conmon leaves the exit code in a file named by the container's id: a directory of the session's
        /// own. Nowhere if nil.
        public var exitDirectory: String?
        /// Where conmon puts the terminal's socket for a moment.
        public var temporaryDirectory: String
        /// `-t`.
        public var terminal = false
        /// `-i`.
        public var openStandardInput = false
        /// How many of this process's descriptors, from 3 on, the new process gets.
        public var passedDescriptors: Int32 = 0
        /// What conmon runs when the process has ended; nothing if empty.
        public var exitCommand: [String] = []

        /// A request with every default.
        public init(session: String, container: String, name: String, directory: String, temporaryDirectory: String) {
            self.session = session
            self.container = container
            self.name = name
            self.directory = directory
            self.temporaryDirectory = temporaryDirectory
        }
    }

    /// Starts conmon for a further process, and returns when one can attach to it; nothing runs yet.
    ///
    /// - Parameters:
    ///   - request: How.
    ///   - process: What is to run: `RuntimeProcess.encoded()`.
    /// - Returns: the session, to attach to and then to `begin`.
    /// - Throws: `RuntimeFailure`.
    public func exec(_ request: ExecRequest, process: [UInt8]) throws(RuntimeFailure) -> ExecSession {
        let specification = "\(request.directory)/process.json"
        let log = "\(request.directory)/oci-log"
        do throws(Errno) {
            try File.write(specification, process)
            try File.remove(log)
        } catch {
            throw RuntimeFailure(.host, "cannot write \(specification): \(error)")
        }
        let monitorPidFile = "\(request.directory)/conmon.pid"
        var arguments = shared(
            id: request.container, session: request.session, name: request.name, bundle: request.directory,
            pidFile: "\(request.directory)/pid", log: "none", runtimeLog: log)
        arguments += ["-e", "--exec-attach", "--exec-process-spec", specification]
        arguments += ["--conmon-pidfile", monitorPidFile]
        if let directory = request.exitDirectory { arguments += ["--exit-dir", directory] }
        if request.terminal { arguments.append("-t") }
        if request.openStandardInput { arguments.append("-i") }
        arguments += Self.exitArguments(request.exitCommand)
        let launch = try MonitorLaunch(
            program: program(arguments, temporaryDirectory: request.temporaryDirectory), attach: true,
            passed: request.passedDescriptors, held: [])
        let ready = try launch.attached(until: Deadline(after: Self.patience))
        return ExecSession(
            ready: ready, runtime: runtime, log: log, monitor: Self.pid(inFile: monitorPidFile).flatMap(Self.identity))
    }
}

/// A further process in a container: first attach, then `begin`, then wait.
public struct ExecSession: ~Copyable {
    private var ready: ReadyMonitor
    private let runtime: OCIRuntime
    private let log: String
    /// conmon; nil when it has ended already.
    public let monitor: ProcessIdentity?

    init(ready: consuming ReadyMonitor, runtime: OCIRuntime, log: String, monitor: ProcessIdentity?) {
        self.ready = ready
        self.runtime = runtime
        self.log = log
        self.monitor = monitor
    }

    /// Has the runtime start the process: its id, as the host counts.
    ///
    /// - Throws: `RuntimeFailure` with what the runtime said.
    public mutating func begin() throws(RuntimeFailure) -> Int32 {
        defer { ready.move.made() }
        do throws(Errno) { _ = try ready.start.send([0]) } catch { throw Monitor.failed(error) }
        return try Monitor.processID(ready.channel.next(until: Deadline(after: Monitor.patience)), runtime, log)
    }

    /// Waits for the process's end: its exit code; nil when conmon was killed, so that nobody knows.
    ///
    /// - Throws: `RuntimeFailure` at the timeout.
    public mutating func exitCode(timeout: Duration? = nil) throws(RuntimeFailure) -> Int32? {
        try ready.channel.next(until: Deadline(after: timeout))?.data
    }
}
