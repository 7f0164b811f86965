public import LinuxSys

/// conmon: the process that stays with a container, holds its terminal and log, and reports its end (conmon(8)).
public struct Monitor: Sendable {
    /// How long the runtime may take to create a container or to start a process in one.
    static let patience = Duration.seconds(240)

    /// conmon's absolute path.
    public let path: String
    /// The runtime that it drives.
    public let runtime: OCIRuntime

    /// Finds conmon.
    ///
    /// - Throws: `RuntimeFailure` when it is not installed.
    public init(runtime: OCIRuntime, path: String? = nil) throws(RuntimeFailure) {
        guard let path = path ?? Program.find("conmon") else {
            throw RuntimeFailure(.missingProgram, "could not find conmon: install the Debian package conmon")
        }
        self.path = path
        self.runtime = runtime
    }

    /// What conmon is told about a container. Every path is absolute.
    public struct Request: Sendable {
        /// 64 hexadecimal digits.
        public var id: String
        /// The container's name.
        public var name: String
        /// The directory with `config.json`; conmon puts `attach`, `ctl` and `winsz` there.
        public var bundle: String
        /// Where the runtime writes the first process's id.
        public var pidFile: String
        /// Where conmon writes its own.
        public var monitorPidFile: String
        /// Where conmon leaves the exit code, in a file named by the id.
        public var exitDirectory: String
        /// The log; none is kept if nil.
        public var logPath: String?
        /// At this size, in bytes, the log begins anew; never if nil.
        public var logSizeMax: Int64? = 128 << 20
        /// After so many seconds conmon kills the container; never if nil.
        public var secondsToRun: UInt64?
        /// Where the runtime writes what it complains about.
        public var runtimeLog: String
        /// Where conmon puts the terminal's socket for a moment; a directory that no other user can write.
        public var temporaryDirectory: String
        /// `-t`.
        public var terminal = false
        /// `-i`.
        public var openStandardInput = false
        /// What conmon runs when the container has ended: program and arguments; nothing if empty.
        public var exitCommand: [String] = []
        /// How many of this process's descriptors, from 3 on, the container's process gets.
        public var passedDescriptors: Int32 = 0
        /// Open descriptors that conmon is to keep open as long as the container runs, such as bound sockets. The
        /// container does not get them. They stay the caller's, to close when `create` has returned.
        public var heldDescriptors: [Int32] = []

        /// A request with every default.
        public init(
            id: String, name: String, bundle: String, pidFile: String, monitorPidFile: String, exitDirectory: String,
            logPath: String?, runtimeLog: String, temporaryDirectory: String
        ) {
            self.id = id
            self.name = name
            self.bundle = bundle
            self.pidFile = pidFile
            self.monitorPidFile = monitorPidFile
            self.exitDirectory = exitDirectory
            self.logPath = logPath
            self.runtimeLog = runtimeLog
            self.temporaryDirectory = temporaryDirectory
        }
    }

    /// What came of it.
    public struct Created: Sendable, Hashable {
        /// The first process, which waits for `OCIRuntime.start`; nil when it has ended already.
        public var process: ProcessIdentity?
        /// Its number.
        public var pid: Int32
        /// conmon; nil when it has ended already.
        public var monitor: ProcessIdentity?
    }

    /// Starts conmon, which has the runtime create the container, and returns when the container is created.
    ///
    /// conmon has a session of its own and stays when the caller's ends. Whatever this leaves when it fails or is
    /// killed is found by the container's id: `ContainerRemains.clear`.
    ///
    /// - Throws: `RuntimeFailure` with what the runtime said.
    public func create(_ request: Request) throws(RuntimeFailure) -> Created {
        do throws(Errno) { try File.remove(request.runtimeLog) } catch { throw Self.failed(error) }
        var arguments = shared(
            id: request.id, session: request.id, name: request.name, bundle: request.bundle,
            pidFile: request.pidFile, log: request.logPath.map { "k8s-file:\($0)" } ?? "none",
            runtimeLog: request.runtimeLog)
        arguments += ["--exit-dir", request.exitDirectory, "--conmon-pidfile", request.monitorPidFile]
        // Waiting for the log to be on the disk would hold up the exit code by some 10 ms.
        arguments.append("--no-sync-log")
        if let size = request.logSizeMax, request.logPath != nil { arguments += ["--log-size-max", "\(size)"] }
        // conmon counts in an int.
        if let seconds = request.secondsToRun { arguments += ["--timeout", "\(Int32(clamping: seconds))"] }
        // With -i conmon closes the process's input when a client goes; a terminal is to stay open for the next one.
        if request.terminal { arguments.append("-t") } else if request.openStandardInput { arguments.append("-i") }
        arguments += Self.exitArguments(request.exitCommand)
        let launch = try MonitorLaunch(
            program: program(arguments, temporaryDirectory: request.temporaryDirectory), attach: false,
            passed: request.passedDescriptors, held: request.heldDescriptors)
        let move = launch.move
        defer { move.made() }
        var channel = launch.channel()
        let pid = try Self.processID(channel.next(until: Deadline(after: Self.patience)), runtime, request.runtimeLog)
        return Created(
            process: Self.identity(pid), pid: pid,
            monitor: Self.pid(inFile: request.monitorPidFile).flatMap(Self.identity))
    }

    func shared(
        id: String, session: String, name: String, bundle: String, pidFile: String, log: String, runtimeLog: String
    ) -> [String] {
        [
            "--api-version", "1", "-c", id, "-u", session, "-r", runtime.path, "-b", bundle, "-p", pidFile, "-n", name,
            "--full-attach", "-l", log, "--log-level", "warning", "--runtime-arg", "--root", "--runtime-arg",
            runtime.root, "--runtime-arg", "--log-format=json", "--runtime-arg", "--log", "--runtime-arg", runtimeLog,
        ]
    }

    static func exitArguments(_ command: [String]) -> [String] {
        guard let program = command.first else { return [] }
        return ["--exit-command", program] + command.dropFirst().flatMap { ["--exit-command-arg", $0] }
    }

    func program(_ arguments: [String], temporaryDirectory: String) -> Program {
        var program = Program(path: path, arguments: arguments)
        program.environment = Program.minimalEnvironment + ["TMPDIR=\(temporaryDirectory)"]
        // The terminal's signals must not reach conmon before it has left for a session of its own.
        program.outlivesSession = true
        return program
    }

    /// The process id in conmon's report, or the failure that it reports instead.
    static func processID(
        _ message: SyncMessage?, _ runtime: OCIRuntime, _ runtimeLog: String
    ) throws(RuntimeFailure) -> Int32 {
        if let message, message.data > 0 { return message.data }
        let text = RuntimeLog.lastError(runtimeLog) ?? message?.message
        throw text.map { RuntimeFailure(saying: $0, by: runtime.name) }
            ?? RuntimeFailure(.runtime, "\(runtime.name): conmon ended without a word: OCI runtime error")
    }

    static func pid(inFile path: String) -> Int32? {
        // conmon runs without the file too; then its identity is not known, as if it had ended.
        guard let text = try? File.readText(path, limit: 64) else { return nil }
        return Int32(text.filter { !$0.isWhitespace })
    }

    static func identity(_ pid: Int32) -> ProcessIdentity? {
        // A process that has ended already has no identity.
        try? ProcessIdentity(pid: pid)
    }

    static func failed(_ error: Errno) -> RuntimeFailure {
        RuntimeFailure(.host, "cannot start conmon: \(error)")
    }
}
