public import LinuxSys

/// Where a container is in its life. The names are Podman's.
public enum ContainerState: String, Sendable, CaseIterable, Codable {
    /// A command is making it; if that command is dead, it goes.
    case creating
    /// Made, never started.
    case created
    /// A command is starting it, or its process runs.
    case running
    /// Set up, with a process that waits to be started. Only a record that was refreshed says so.
    case initialized
    /// Its processes stand still. The kernel alone knows: only a record that was refreshed says so.
    case paused
    /// Its process has ended.
    case exited
    /// A command is removing it; if that command is dead, the next one finishes the work.
    case removing
}

/// One container as the databases know it.
public struct ContainerRecord: Sendable {
    /// What it was asked to be.
    public var spec: ContainerSpec
    /// Where it is in its life.
    public var state: ContainerState
    /// When its process last started, in nanoseconds since 1970.
    public var started: Int64?
    /// When its process last ended, in nanoseconds since 1970.
    public var finished: Int64?
    /// What its process last exited with.
    public var exitCode: Int32?
    /// What exists of it in this boot; nil if it has no run.
    public var run: RunRecord?
    /// 64 hexadecimal digits.
    public var id: String { spec.id }
    /// Whether it is set up, and waits to be started.
    public var isInitialized: Bool { run?.state == .initialized }
    /// Whether its process runs. A record that was not refreshed says so of a paused one, too.
    public var isRunning: Bool { state == .running && run?.state == .running }
    /// Whether it has a process, running or paused.
    public var hasProcess: Bool { (state == .running || state == .paused) && run?.state == .running }
}

/// What exists of a container while it runs, in this boot.
public struct RunRecord: Sendable {
    /// The steps of a run.
    public enum State: String, Sendable, CaseIterable {
        /// Being set up: what the row names may or may not be there.
        case starting
        /// Set up: the process is there, and waits to be started.
        case initialized
        /// The process was started.
        case running
        /// Being taken down.
        case stopping
    }

    /// Which step.
    public var state: State
    /// The network namespace's path; nil if it has none of its own.
    public var namespacePath: String?
    /// The container's first process.
    public var initProcess: ProcessIdentity?
    /// conmon.
    public var monitor: ProcessIdentity?
}
