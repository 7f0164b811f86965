internal import ArgumentParser

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
