internal import ContainerEngine
internal import LinuxSys
internal import Synchronization

/// How this process was called.
enum Invocation {
    /// The name that help and messages use: `podman` if that is what was typed.
    static let programName: String = {
        let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "swiftlet"
        return name == "podman" ? name : "swiftlet"
    }()

    /// The command's own words, such as `system check`: those before anything that is an option or names a thing.
    static var commandWords: [String] {
        let nouns: Set<String> = ["container", "image", "network", "system", "volume"]
        let rest = arguments[leadingOptions(of: arguments).endIndex...]
        guard let command = rest.first else { return [] }
        guard nouns.contains(command), let verb = rest.dropFirst().first, !verb.hasPrefix("-") else { return [command] }
        return [command, verb]
    }

    /// The words before the command: options with their values.
    static func leadingOptions(of arguments: [String]) -> ArraySlice<String> {
        var end = arguments.startIndex
        while end < arguments.endIndex, arguments[end].hasPrefix("-") { end += arguments[end].contains("=") ? 1 : 2 }
        return arguments[..<min(end, arguments.endIndex)]
    }

    /// The options before the command; where there are some, they are here before the command runs. (With `Values()`
    /// in place of nil, Swift 6.3's optimizer lays the strings out wrongly.)
    private static let global = Mutex<GlobalOptions.Values?>(nil)

    /// The options before the command.
    static var options: GlobalOptions.Values { global.withLock { $0 } ?? GlobalOptions.Values() }

    /// Remembers the options before the command.
    static func remember(_ options: GlobalOptions.Values) { global.withLock { $0 = options } }

    /// Opens the engine on the directories that the options before the command name; `repairing` says whether what
    /// dead commands left is put right first, which commands that only read do not need.
    static func engine(repairing: Bool = true, timing: Timing = Timing()) throws -> Engine {
        try options.engine(repairing: repairing, timing: timing)
    }

    /// The arguments, without the program's own name.
    static var arguments: [String] { Array(CommandLine.arguments.dropFirst()) }
}

extension GlobalOptions.Values {
    fileprivate func engine(repairing: Bool, timing: Timing) throws -> Engine {
        var cleanup = [try File.linkTarget("/proc/self/exe")]
        cleanup += ["--root", root, "--runroot", runRoot]
        if let runtime { cleanup += ["--runtime", runtime] }
        return try Engine(
            paths: EnginePaths(root: root, runRoot: runRoot, networks: networkConfigDir),
            configuration: ConfigurationFiles(
                only: variable("CONTAINERS_CONF"), last: variable("CONTAINERS_CONF_OVERRIDE")),
            cleanupCommand: cleanup, repairing: repairing, timing: timing,
            warn: { [logLevel] in if logLevel.showsWarnings { Output.errorLine("WARN: \($0)") } })
    }

    private func variable(_ name: String) -> String? {
        StandardStream.environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
