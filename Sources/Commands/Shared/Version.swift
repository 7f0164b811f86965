internal import ContainerEngine

/// The versions that `--version` and `version` print.
enum Version {
    /// This program's own.
    static let engine = Engine.version
    /// The version of Podman whose commands and documents these follow: what tools ask that need to know.
    static let api = "4.3.1"
}
