internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `pull`: get images from registries.
struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Get images from registries.")

    @OptionGroup var platform: PlatformFlags
    @OptionGroup var registry: RegistryFlags
    @OptionGroup var credentials: CredentialFlag
    @OptionGroup var docker: DockerTrustFlag

    @Flag(name: .shortAndLong, help: "Get every image of the repositories, one for each tag.")
    var allTags = false

    @Option(name: .long, help: ArgumentHelp("When: always, missing, newer or never.", valueName: "policy"))
    var policy = PullPolicyWord(.always)

    @Flag(name: .shortAndLong, help: "Print only the images' ids.")
    var quiet = false

    @Argument(help: "Names, with a tag or a digest.")
    var images: [String] = []

    func run() throws {
        guard !images.isEmpty else { throw EngineError("requires at least 1 arg(s), only received 0") }
        let engine = try Invocation.engine()
        let progress = TransferProgress(shown: !quiet)
        var options = PullOptions()
        options.policy = policy.value
        options.platform = try platform.value()
        options.registry = try registry.options()
        options.registry.credentials = try credentials.credentials()
        options.observer = { progress.show($0) }
        options.choose = ImageChoice.onTerminal
        try EndingNotice.set("Error: pull was interrupted; what has come is kept, and the next pull goes on with it")
        try Failure.forEach(images) { [options] name in
            defer { progress.finish() }
            let pulled = try allTags ? engine.pullAllTags(name, options) : [engine.pull(name, options)]
            progress.finish()
            for image in pulled { Output.line(image.id) }
        }
    }
}

/// When a registry is asked, as `--pull` and `--policy` say it.
struct PullPolicyWord: ExpressibleByArgument {
    var value: PullOptions.Policy

    init(_ value: PullOptions.Policy) { self.value = value }

    init?(argument: String) {
        guard let value = PullOptions.Policy(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { PullOptions.Policy.allCases.map(\.rawValue) }
    var defaultValueDescription: String { value.rawValue }
}
