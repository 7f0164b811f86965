/// The versions that `--version` and `version` print.
enum Version {
    /// This program's own.
    static let engine = "0.1.0"
}
