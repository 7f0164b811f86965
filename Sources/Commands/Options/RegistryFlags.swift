internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys
internal import OCISpec

/// How a registry is reached: what `pull`, `push`, `run`, `login` and others have in common.
struct RegistryFlags: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("File with credentials (default: Podman's own).", valueName: "file"))
    var authfile: String?

    @Option(name: .long, help: ArgumentHelp("Directory with certificates for the registry.", valueName: "dir"))
    var certDir: String?

    @Option(
        name: .long, help: ArgumentHelp("Require HTTPS and a valid certificate (true or false).", valueName: "bool"))
    var tlsVerify: GoBool?

    /// What the engine is asked for.
    ///
    /// - Throws: `EngineError` when a file with credentials is given and not there; `login` may make it.
    func options(mayMakeFile: Bool = false) throws -> RegistryOptions {
        if let authfile, !mayMakeFile, !File.exists(authfile) {
            throw EngineError("checking authfile: stat \(authfile): no such file or directory")
        }
        var options = RegistryOptions()
        options.credentialFile = authfile
        options.certificateDirectory = certDir
        options.verifiesTLS = tlsVerify?.value
        return options
    }
}

/// A word that Go's flags take for true or false (strconv.ParseBool).
struct GoBool: ExpressibleByArgument {
    var value: Bool

    init?(argument: String) {
        switch argument {
        case "1", "t", "T", "true", "TRUE", "True": value = true
        case "0", "f", "F", "false", "FALSE", "False": value = false
        default: return nil
        }
    }
}

/// What Docker has and Podman accepts without effect.
struct DockerTrustFlag: ParsableArguments {
    @Flag(name: .long, help: "Docker's own; without effect.")
    var disableContentTrust = false
}

/// `--creds`.
struct CredentialFlag: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Name and password for the registry.", valueName: "user:password"))
    var creds: String?

    /// Takes it apart.
    ///
    /// - Throws: `EngineError` when the password is missing.
    func credentials() throws -> (username: String, password: String)? {
        guard let creds else { return nil }
        guard let colon = creds.firstIndex(of: ":") else {
            throw EngineError("--creds must be name:password")
        }
        return (String(creds[..<colon]), String(creds[creds.index(after: colon)...]))
    }
}

/// For what machine an image is wanted.
struct PlatformFlags: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Platform of the image.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Option(name: .long, help: ArgumentHelp("Processor of the image.", valueName: "arch"))
    var arch: String?

    @Option(name: .long, help: ArgumentHelp("System of the image.", valueName: "os"))
    var os: String?

    @Option(name: .long, help: ArgumentHelp("Variant of the image's processor.", valueName: "variant"))
    var variant: String?

    /// The platform; nil if none is asked for.
    ///
    /// - Throws: `EngineError` when it cannot be read.
    func value() throws -> ImagePlatform? {
        if let platform {
            guard arch == nil, os == nil, variant == nil else {
                throw EngineError("--platform option can not be specified with --arch, --os or --variant")
            }
            // Case counts for nothing, as in containerd's and Podman's words.
            let parts = platform.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard (1...3).contains(parts.count), !parts.contains("") else {
                throw EngineError("invalid platform \"\(platform)\": must be os/arch or os/arch/variant")
            }
            return ImagePlatform(
                architecture: parts.count > 1 ? Self.architecture(parts[1]) : ImagePlatform.host.architecture,
                os: parts[0],
                variant: parts.count > 2 ? parts[2] : nil)
        }
        guard arch != nil || os != nil || variant != nil else { return nil }
        return ImagePlatform(
            architecture: arch.map(Self.architecture) ?? ImagePlatform.host.architecture, os: os ?? "linux",
            variant: variant)
    }

    /// The kernel's names for what Go names otherwise.
    private static func architecture(_ name: String) -> String {
        switch name {
        case "x86_64", "x86-64": "amd64"
        case "aarch64": "arm64"
        default: name
        }
    }
}
