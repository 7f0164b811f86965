public import LinuxSys

/// What an attached command reads and writes, and what ends it.
public struct AttachOptions: Sendable {
    /// Where input comes from; none is read if nil.
    public var input: Int32? = 0
    /// Where the process's standard output goes; dropped if nil.
    public var output: Int32? = 1
    /// Where its standard error goes; dropped if nil. A terminal has standard output alone.
    public var errorOutput: Int32? = 2
    /// Whether the process has a terminal: then ours, if `device` is one, is made raw, and its size is passed on.
    public var terminal = false
    /// Our terminal, whether or not input is read from it.
    public var device: Int32 = 0
    /// The keys that detach; looked for when the process has a terminal.
    public var detachKeys = DetachKeys.standard
    /// `--sig-proxy`: whether signals are passed on instead of ending the command.
    public var proxySignals = true

    /// Every default.
    public init() {}
}

/// How an attached command ended.
public enum AttachOutcome: Sendable, Hashable {
    /// conmon closed the connection: the process has ended.
    case ended
    /// The keys were typed; the process goes on.
    case detached
    /// A signal came that is not passed on, or nobody reads the output any more (SIGPIPE); the process goes on.
    case signalled(Signal)
}

/// A connection to conmon: a process's input, output and terminal.
public struct AttachSession: ~Copyable {
    private let socket: PeerSocket
    private let directory: String

    /// Connects. From now on nothing that the process writes is lost, so this comes before it is started.
    ///
    /// - Parameter directory: The bundle, or an exec session's directory; its path may have any length.
    /// - Throws: `RuntimeFailure` when nobody listens: the process has ended.
    public init(_ directory: String) throws(RuntimeFailure) {
        do throws(Errno) {
            socket = try PeerSocket(directory: directory, name: "attach")
        } catch {
            throw RuntimeFailure(.host, "cannot attach through \(directory)/attach: \(error)")
        }
        self.directory = directory
    }

    /// Sets the size of the process's terminal, as conmon's control file takes it.
    ///
    /// - Throws: `Errno.noSuchDeviceOrAddress` when conmon has ended.
    public static func resize(_ directory: String, to size: WindowSize) throws(Errno) {
        let control = try OwnedFD.open("\(directory)/ctl", [.write, .nonBlocking])
        // conmon refuses sizes above 1000 cells.
        try control.write(all: "1 \(min(size.rows, 1000)) \(min(size.columns, 1000))\n")
    }

    /// Passes input, output, sizes and signals on until the end, on the calling thread. Our terminal is what it was
    /// when this returns, whether or not it throws.
    ///
    /// - Parameters:
    ///   - options: What to read and write.
    ///   - whenReady: Called once when the terminal and the signals are set up; `OCIRuntime.start` belongs here.
    ///   - forward: Called with each signal that is to be passed on.
    /// - Returns: How it ended.
    /// - Throws: What `whenReady` and `forward` throw, and `Errno` of reading and writing.
    public func run(
        _ options: AttachOptions, whenReady: () throws -> Void = {}, forward: (Signal) throws -> Void
    ) throws -> AttachOutcome {
        let signals = try SignalQueue(SignalRules.caught)
        var terminal: RawTerminal?
        defer { terminal?.restore() }
        if options.terminal, StandardStream.isTerminal(options.device) {
            passSize(options.device)
            terminal = try RawTerminal(options.device, unread: options.input == nil)
        }
        try whenReady()
        var relay = AttachRelay(options)
        while !relay.isFinished {
            var entries = relay.entries(signals: signals.raw, socket: socket.raw)
            try poll(&entries)
            for signal in try signals.take() {
                switch SignalRules.action(signal, proxy: options.proxySignals) {
                case .resize: if options.terminal { passSize(options.device) }
                case .forward: try forward(signal)
                case .end: return .signalled(signal)
                case .ignore: break
                }
            }
            if let outcome = try relay.step(entries, socket: socket) { return outcome }
        }
        return .ended
    }

    private func passSize(_ input: Int32) {
        // A size that cannot be had or passed on leaves the terminal as it is; the process runs all the same.
        guard let size = try? WindowSize(of: input) else { return }
        // As above.
        try? Self.resize(directory, to: size)
    }
}

/// Which signals matter while attached.
enum SignalRules {
    enum Action {
        case resize
        case forward
        case end
        case ignore
    }

    /// What a person or a service manager sends to end or to tell a program something.
    private static let passed: [Signal] = [
        .hangup, .interrupt, .quit, .terminate, .user1, .user2, .alarm,
    ]
    /// SIGPIPE is caught so that a terminal in raw mode is not left so; the write's error does the rest.
    static let caught = passed + [.windowChange, .brokenPipe]

    static func action(_ signal: Signal, proxy: Bool) -> Action {
        if signal == .windowChange { return .resize }
        if signal == .brokenPipe { return .ignore }
        return proxy ? .forward : .end
    }
}
