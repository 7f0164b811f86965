internal import ContainerRuntime
internal import LinuxSys
internal import OCISpec

/// How a person is tied to a process in a container.
public struct AttachPlan: Sendable {
    /// Whether the process has a terminal.
    public var terminal: Bool
    /// Whether standard input is passed on.
    public var input: Bool
    /// The keys that detach, as `--detach-keys` has them.
    public var detachKeys: String
    /// Whether signals are passed on to the process.
    public var proxySignals: Bool
    /// Whether what it writes to standard output is shown.
    public var output = true
    /// Whether what it writes to standard error is shown.
    public var errors = true

    /// A plan.
    public init(terminal: Bool, input: Bool, detachKeys: String, proxySignals: Bool) {
        self.terminal = terminal
        self.input = input
        self.detachKeys = detachKeys
        self.proxySignals = proxySignals
    }

    func options(errorOutput: Bool) throws -> AttachOptions {
        var options = AttachOptions()
        options.input = input ? 0 : nil
        options.output = output ? 1 : nil
        options.errorOutput = errorOutput && errors ? 2 : nil
        options.terminal = terminal
        options.detachKeys = try DetachKeys(detachKeys)
        options.proxySignals = proxySignals
        return options
    }
}

/// A further process for a running container.
public struct ExecRequest: Sendable {
    /// The container's name or id.
    public var container: String
    /// The program and its arguments.
    public var arguments: [String]
    /// Variables besides the container's own: `NAME=value`.
    public var environment: [String] = []
    /// The working directory; the container's if nil.
    public var workingDirectory: String?
    /// Whom it runs as; the container's user if nil.
    public var user: String?
    /// Whether it has every capability.
    public var privileged = false
    /// Whether it has a terminal.
    public var terminal = false
    /// Whether standard input is passed on.
    public var openStandardInput = false
    /// `--preserve-fds`: how many of this process's descriptors, from 3 on, the new process gets.
    public var passedDescriptors: Int32 = 0

    /// A process with the container's own settings.
    public init(container: String, arguments: [String]) {
        self.container = container
        self.arguments = arguments
    }
}

extension Engine {
    /// Runs a process in a container and stays with it.
    ///
    /// - Returns: its exit code; 0 after detaching.
    public func exec(_ request: ExecRequest, _ plan: AttachPlan) throws -> Int32 {
        let record = try running(request)
        let files = try ExecFiles(paths, record.id)
        defer { files.remove() }
        var session = try timing.measure("start conmon") { try beginExec(request, record, files) }
        let attachment = try AttachSession(files.directory)
        var pid: Int32 = 0
        let outcome = try attachment.run(
            try plan.options(errorOutput: !request.terminal),
            whenReady: { pid = try timing.measure("start process") { try session.begin() } },
            forward: { signal in
                // The process may have ended meanwhile; then there is nobody to tell.
                _ = try? ProcessIdentity(pid: pid).kill(signal)
            })
        switch outcome {
        case .ended: return try timing.measure("exit code") { try session.exitCode(timeout: .seconds(30)) } ?? 255
        case .detached: return 0
        case .signalled(let signal): return 128 + signal.rawValue
        }
    }

    /// Runs a process in a container and leaves it.
    ///
    /// - Returns: the session's id.
    public func execDetached(_ request: ExecRequest) throws -> String {
        let record = try running(request)
        let files = try ExecFiles(paths, record.id)
        do {
            var session = try beginExec(request, record, files)
            _ = try session.begin()
        } catch let failure as RuntimeFailure {
            files.remove()
            // Nobody waits for the process, so that it has no code to give.
            throw EngineError(failure.message)
        } catch {
            files.remove()
            throw error
        }
        return files.session
    }

    private func running(_ request: ExecRequest) throws -> ContainerRecord {
        let record = refreshed(try store.container(request.container))
        guard !request.arguments.isEmpty else {
            throw EngineError(
                "must provide a non-empty command to start an exec session: invalid argument", exitCode: 255)
        }
        guard record.isRunning else {
            throw EngineError(
                "can only create exec sessions on running containers: container state improper", kind: .inUse,
                exitCode: 255)
        }
        return record
    }

    private func beginExec(
        _ request: ExecRequest, _ record: ContainerRecord, _ files: ExecFiles
    ) throws -> ExecSession {
        let launcher = try Launcher(self)
        let process = try launcher.process(request, in: record.spec)
        var monitorRequest = Monitor.ExecRequest(
            session: files.session, container: record.id, name: record.spec.name, directory: files.directory,
            temporaryDirectory: "\(paths.runRoot)/tmp")
        monitorRequest.terminal = request.terminal
        monitorRequest.openStandardInput = request.openStandardInput
        monitorRequest.passedDescriptors = request.passedDescriptors
        return try Monitor(runtime: try launcher.runtime(record.spec.runtime)).exec(
            monitorRequest, process: process.encoded())
    }
}

/// The files of one exec session: a directory of its own below the container's in the run root, so that the
/// container's end removes those that a killed command left.
struct ExecFiles {
    let session = RandomBytes.hexadecimal(32)
    let directory: String

    init(_ paths: EnginePaths, _ container: String) throws {
        directory = "\(paths.execSessions(container))/\(session)"
        try File.makeDirectories(directory)
    }

    func remove() {
        // What cannot be removed goes with the container.
        try? File.removeTree(directory)
    }
}
