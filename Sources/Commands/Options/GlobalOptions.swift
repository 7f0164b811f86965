internal import ArgumentParser

/// Options that stand before the command, as Podman's do.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Directory of what must last.", valueName: "dir"))
    var root = Values().root

    @Option(help: ArgumentHelp("Directory of what a reboot ends.", valueName: "dir"))
    var runroot = Values().runRoot

    @Option(
        help: ArgumentHelp(
            "Directory of the network definitions (default: that of containers.conf, else /etc/containers/networks).",
            valueName: "dir"))
    var networkConfigDir: String?

    @Option(
        help: ArgumentHelp(
            "OCI runtime, by name or path (default: that of containers.conf, else crun, else runc).",
            valueName: "runtime"))
    var runtime: String?

    @Option(help: ArgumentHelp("What is told: trace, debug, info, warn, error, fatal or panic.", valueName: "level"))
    var logLevel = Values().logLevel

    @Option(help: ArgumentHelp("Only cgroupfs.", valueName: "manager"))
    var cgroupManager: OnlyValue<CgroupManager>?

    @Option(help: ArgumentHelp("Only overlay.", valueName: "driver"))
    var storageDriver: OnlyValue<StorageDriver>?

    @Option(help: ArgumentHelp("Only none: no events are kept yet.", valueName: "backend"))
    var eventsBackend: OnlyValue<EventsBackend>?

    /// What is chosen by them, or without them.
    struct Values {
        var root = "/var/lib/swiftlet"
        var runRoot = "/run/swiftlet"
        var networkConfigDir: String?
        var runtime: String?
        var logLevel = LogLevel.warn
    }

    var values: Values {
        Values(
            root: root, runRoot: runroot, networkConfigDir: networkConfigDir, runtime: runtime, logLevel: logLevel)
    }
}

/// `--log-level`: from which weight on messages are shown. The engine has warnings; from `error` on they are not.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, warn, warning, error, fatal, panic

    var showsWarnings: Bool { ![.error, .fatal, .panic].contains(self) }
}

/// The one value that an option of Podman's may have here, since nothing else is there.
struct OnlyValue<Choice: RawRepresentable & CaseIterable & Sendable>: ExpressibleByArgument
where Choice.RawValue == String {
    init?(argument: String) {
        guard Choice(rawValue: argument) != nil else { return nil }
    }

    static var allValueStrings: [String] { Choice.allCases.map(\.rawValue) }
}

/// `--cgroup-manager`.
enum CgroupManager: String, CaseIterable, Sendable { case cgroupfs }

/// `--storage-driver`.
enum StorageDriver: String, CaseIterable, Sendable { case overlay }

/// `--events-backend`.
enum EventsBackend: String, CaseIterable, Sendable { case none }
