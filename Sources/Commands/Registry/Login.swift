internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `login`: try and store credentials for a registry.
struct Login: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "login", abstract: "Log in to a registry.")

    @OptionGroup var registryFlags: RegistryFlags

    @Option(
        name: [.customShort("u", allowingJoined: true), .long],
        help: ArgumentHelp("Name of the user.", valueName: "name"))
    var username: String?

    @Option(
        name: [.customShort("p", allowingJoined: true), .long],
        help: ArgumentHelp("Password; other users can see it, so prefer --password-stdin.", valueName: "password"))
    var password: String?

    @Flag(name: .long, help: "Read the password from standard input.")
    var passwordStdin = false

    @Flag(name: .long, help: "Print the name of the user who is logged in.")
    var getLogin = false

    @Flag(name: .shortAndLong, help: "Say where the credentials are stored.")
    var verbose = false

    @Argument(help: "The registry's host, with a port if need be.")
    var registry: String?

    func run() throws {
        let name = try registry ?? RegistrySession.defaultRegistry()
        var options = try registryFlags.options(mayMakeFile: true)
        let session = try RegistrySession(name, options)
        let known = try session.username()
        if getLogin {
            guard let known else { throw EngineError("not logged into \(name)") }
            return Output.line(known)
        }
        guard !passwordStdin || password == nil else {
            throw EngineError("can't specify both --password-stdin and --password")
        }
        guard !passwordStdin || username != nil else {
            throw EngineError("must provide --username with --password-stdin")
        }
        if username == nil && password == nil && known != nil {
            Output.line("Authenticating with existing credentials for \(name)")
            try session.logIn()
            return Output.line("Existing credentials are valid. Already logged in to \(name)")
        }
        let user = try username ?? Prompt.line("Username\(known.map { " (\($0))" } ?? ""): ") ?? known ?? ""
        let secret = try passwordStdin ? Prompt.all() : password ?? Prompt.hidden("Password: ")
        options.credentials = (user, secret)
        let checked = try RegistrySession(name, options)
        try checked.logIn()
        if verbose { Output.line("Used: \(checked.path)") }
        Output.line("Login Succeeded!")
    }
}

/// `logout`: forget credentials.
struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logout", abstract: "Log out of a registry.")

    @Option(name: .long, help: ArgumentHelp("File with credentials (default: Podman's own).", valueName: "file"))
    var authfile: String?

    @Flag(name: .shortAndLong, help: "Log out of all registries.")
    var all = false

    @Argument(help: "The registry's host, with a port if need be.")
    var registry: String?

    func run() throws {
        var options = RegistryOptions()
        options.credentialFile = authfile
        if all {
            guard registry == nil else { throw EngineError("--all takes no arguments") }
            try RegistrySession.logOutEverywhere(options)
            return Output.line("Removed login credentials for all registries")
        }
        let name = try registry ?? RegistrySession.defaultRegistry()
        try RegistrySession(name, options).logOut()
        Output.line("Removed login credentials for \(name)")
    }
}

/// Questions to a person.
private enum Prompt {
    /// Everything on standard input, without the newline at its end.
    static func all() throws -> String {
        let bytes = try StandardStream.duplicate(0).readAll(limit: 1 << 20)
        return String(decoding: bytes, as: UTF8.self).trimmingSuffix { $0.isNewline }
    }

    /// One line; nil if it is empty.
    static func line(_ question: String) throws -> String? {
        try StandardStream.write(1, question)
        let text = try read(hidden: false)
        return text.isEmpty ? nil : text
    }

    /// One line that the terminal does not show.
    static func hidden(_ question: String) throws -> String {
        guard StandardStream.isTerminal(0) else {
            throw EngineError("no password: give --password-stdin, or --password")
        }
        try StandardStream.write(1, question)
        let terminal = try RawTerminal(0)
        defer {
            terminal.restore()
            Output.line("")
        }
        return try read(hidden: true)
    }

    private static func read(hidden: Bool) throws -> String {
        let input = try StandardStream.duplicate(0)
        var bytes: [UInt8] = []
        while let byte = try input.read(upTo: 1).first, byte != 0x0A, byte != 0x0D {
            // In raw mode the keys that the terminal would act on come through.
            switch byte {
            case 0x03, 0x04: if hidden { throw EngineError("given up") } else { bytes.append(byte) }
            case 0x7F, 0x08: if hidden { _ = bytes.popLast() } else { bytes.append(byte) }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return String(rest)
    }
}
