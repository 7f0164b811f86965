internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `push`: give an image to a registry.
struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Push an image to a registry, an archive or a directory.")

    @OptionGroup var registry: RegistryFlags
    @OptionGroup var credentials: CredentialFlag
    @OptionGroup var docker: DockerTrustFlag

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Kind of the manifest: oci or v2s2 (default: as the image came).", valueName: "format"))
    var format: String?

    @Flag(name: .long, help: "Compress layers that are not, in a directory (dir:).")
    var compress = false

    @Option(name: .long, help: ArgumentHelp("gzip or zstd (default: as the layers came).", valueName: "format"))
    var compressionFormat: String?

    @Flag(name: .long, help: "Accepted for Podman's sake: signatures are not kept.")
    var removeSignatures = false

    @Option(name: .long, help: ArgumentHelp("Write the manifest's digest to this file.", valueName: "file"))
    var digestfile: String?

    @Flag(name: .shortAndLong, help: "Do not show progress.")
    var quiet = false

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "Name in the registry (default: the image's own), or TRANSPORT:PATH.")
    var destination: String?

    func run() throws {
        var options = PushOptions()
        if let format {
            guard let known = PushOptions.Format(rawValue: format) else {
                throw EngineError("unknown format \"\(format)\": use oci or v2s2")
            }
            options.format = known
        }
        options.compresses = compress
        options.compression = compressionFormat
        options.registry = try registry.options()
        options.registry.credentials = try credentials.credentials()
        let progress = TransferProgress(shown: !quiet)
        options.observer = { progress.show($0) }
        defer { progress.finish() }
        try EndingNotice.set("Error: push was interrupted")
        let digest = try Invocation.engine().push(image, to: destination, options)
        if let digestfile { try File.write(digestfile, digest, mode: 0o644) }
    }
}

/// `save`: write images to an archive.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Save images to an archive or a directory.")

    @Flag(name: .long, help: "Compress layers that are not, in a docker-dir.")
    var compress = false

    @Option(name: .long, help: ArgumentHelp("docker-archive, oci-archive, docker-dir or oci-dir.", valueName: "format"))
    var format = "docker-archive"

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp("The archive (default: standard output) or directory.", valueName: "path"))
    var output: String?

    @Flag(name: [.customShort("m"), .long], help: "Take every argument for an image, not for a name of the first.")
    var multiImageArchive = false

    @Flag(name: .shortAndLong, help: "Do not show progress.")
    var quiet = false

    @Flag(name: .long, help: "Do not compress layers that are not, in OCI's formats.")
    var uncompressed = false

    @Argument(help: "An image, and more names of it; with -m, images.")
    var images: [String]

    func run() throws {
        guard !compress || format == "docker-dir" else {
            throw EngineError("--compress can only be set when --format is 'docker-dir'")
        }
        if output == nil && StandardStream.isTerminal(1) {
            throw EngineError("refusing to save to terminal. Use -o flag or redirect")
        }
        // As Podman: what is piped on is saved in silence.
        let progress = TransferProgress(shown: !quiet && output != nil, tellsSource: false)
        defer { progress.finish() }
        try Invocation.engine(repairing: false).save(
            images, isMultiple: multiImageArchive, to: output, format: format, compresses: compress,
            keepsUncompressed: uncompressed
        ) { progress.show($0) }
    }
}

/// `tag`: give an image more names.
struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tag", abstract: "Add names to an image.")

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "New names.")
    var names: [String]

    func run() throws {
        guard !names.isEmpty else { throw EngineError("requires at least 2 arg(s), only received 1") }
        try Invocation.engine().tag(image, as: names)
    }
}

/// `untag`: take names away from an image.
struct Untag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untag", abstract: "Remove names from an image; the image stays.")

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "Names to remove (default: all).")
    var names: [String] = []

    func run() throws {
        try Invocation.engine().untag(image, names)
    }
}
