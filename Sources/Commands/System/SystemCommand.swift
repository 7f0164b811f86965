internal import ArgumentParser
internal import ContainerEngine

/// `system …`.
struct SystemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system", abstract: "Look after the engine itself.", subcommands: [SystemCheck.self, Info.self])
}

/// `system check`: are the databases, the kernel and the disk of one mind?
struct SystemCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify that state, kernel and disk agree; exit with 1 if they do not.")

    @Flag(name: .shortAndLong, help: "Put right what is found.")
    var repair = false

    @Flag(name: .shortAndLong, help: "Print nothing when all is well.")
    var quiet = false

    func run() throws {
        let engine = try Invocation.engine(repairing: repair)
        let found = try engine.check()
        for finding in found { Output.line("\(finding.invariant): \(finding.message)") }
        if found.isEmpty {
            if !quiet { Output.line("No problems found.") }
            return
        }
        guard repair else {
            Output.errorLine("\(found.count) problem\(found.count == 1 ? "" : "s") found; --repair puts them right")
            throw ExitStatus(code: 1)
        }
        try engine.repair(found)
        let left = try engine.check()
        for finding in left { Output.errorLine("not repaired: \(finding.invariant): \(finding.message)") }
        if !left.isEmpty { throw ExitStatus(code: 1) }
        Output.line("Repaired.")
    }
}

/// `version`: of the engine and of what it stands on.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Show versions.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    func run() throws {
        let document = SystemDocument.version
        guard let format, !format.isEmpty else {
            Output.text(SystemDocument.versionText)
            return
        }
        try SystemDocument.render(document, format: format, indent: nil)
    }
}

/// `info`: the host, the store and the versions.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show the host, the store and the versions.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: [.customShort("D"), .long], help: "Nothing more: everything is shown.")
    var debug = false

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        try SystemDocument.render(SystemDocument.info(try engine.info()), format: format)
    }
}
