internal import ContainerNetwork
internal import ContainerStorage
internal import LinuxSys

/// A container engine on one data directory: what a program that runs containers calls.
///
/// There is no daemon: every call opens the state, does its work with system calls, and is done. Several engines,
/// in one process or in many, work on one directory at once; locks and the state database keep them apart. A value
/// is for one thread at a time.
public final class Engine {
    /// The engine's version.
    public static let version = "0.1.0"

    /// Where everything lies.
    public let paths: EnginePaths
    /// How conmon calls this program when a container ends: the executable and its global arguments.
    public let cleanupCommand: [String]
    /// Where warnings go: one line each, without a newline.
    public let warn: @Sendable (String) -> Void
    /// Where each step's time goes, if somebody asked.
    public let timing: Timing

    let store: StateStore
    private let configurationFiles: ConfigurationFiles
    private var readConfiguration: ContainersConfiguration?
    private var openStorage: Storage?
    /// Ports that were chosen for a container that is being made, still bound.
    var chosenPorts: PortClaim?

    /// Opens the state, making it if it is not there, and puts right what dead commands left half done.
    ///
    /// - Parameters:
    ///   - paths: the data directories.
    ///   - configuration: where containers.conf(5) is; it is read when it is first needed.
    ///   - cleanupCommand: the program and its arguments to which `container cleanup ID` is added; it must be an
    ///     absolute path.
    ///   - repairing: whether orphans are put right first; commands that only read do not need it.
    ///   - timing: collects the duration of each step.
    ///   - warn: takes each warning.
    /// - Throws: `EngineError`, `DatabaseError` or `Errno` when the state cannot be used.
    public init(
        paths: EnginePaths = EnginePaths(), configuration: ConfigurationFiles = ConfigurationFiles(),
        cleanupCommand: [String], repairing: Bool = true, timing: Timing = Timing(),
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.paths = paths
        configurationFiles = configuration
        self.cleanupCommand = cleanupCommand
        self.warn = warn
        self.timing = timing
        let isNew = !File.exists(paths.state)
        store = try timing.measure("open state") { try StateStore(paths) }
        if isNew { openStorage = try Storage(root: paths.root) }
        if repairing { try timing.measure("reconcile") { try reconcile() } }
    }

    /// The container with this name, id, or unique beginning of an id.
    ///
    /// - Throws: `EngineError` of kind `.noSuchContainer`.
    public func container(_ reference: String) throws -> ContainerRecord {
        try store.container(reference)
    }

    /// Every container, oldest first.
    public func containers() throws -> [ContainerRecord] {
        try store.containers()
    }

    /// What containers.conf(5) says; read when it is first needed, so that no mistake in it keeps a container from being
    /// stopped or removed.
    ///
    /// - Throws: `EngineError` naming the file and the line of a mistake.
    func configuration() throws(EngineError) -> ContainersConfiguration {
        if let readConfiguration { return readConfiguration }
        let read = try configurationFiles.load()
        readConfiguration = read
        return read
    }

    /// Where definitions of networks are.
    func networkDirectory() throws(EngineError) -> String {
        if let given = paths.networks { return given }
        return try configuration().networkDirectory ?? EnginePaths.usualNetworks
    }

    /// The files that last; opened when they are first needed.
    func storage() throws -> Storage {
        if let openStorage { return openStorage }
        let opened = try Storage(root: paths.root)
        openStorage = opened
        return opened
    }

    /// Locks one container against every other command, until the lock goes.
    func lock(_ id: String) throws -> FileLock {
        let path = "\(paths.locks)/\(id)"
        while true {
            let lock = try FileLock(path)
            // Whoever removed the container removed the file; a lock on that one would exclude nobody.
            if try lock.isCurrent(path) { return lock }
        }
    }

    /// Lets a container's lock go, and its file with it when there is no such container any more.
    func unlock(_ lock: FileLock, _ id: String) {
        guard lock.isHeld else { return }
        // A lock file that stays is only untidy; the next command that meets it removes it.
        if (try? store.hasContainer(id)) == false { try? File.remove("\(paths.locks)/\(id)") }
        lock.release()
    }
}
