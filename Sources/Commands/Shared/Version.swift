internal import ContainerEngine

/// The versions that `--version` and `version` print.
enum Version {
    /// This program's own.
    static let engine = Engine.version
}
