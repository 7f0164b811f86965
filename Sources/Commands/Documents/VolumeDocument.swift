internal import ContainerEngine
internal import GoTemplate

/// Volumes as `inspect` shows them.
enum VolumeDocument {
    /// The document of `inspect --type volume`, with Podman's fields.
    static func value(_ volume: VolumeInspection) -> Value {
        .structure(
            [
                .init("Name", .string(volume.name)), .init("Driver", "local"),
                .init("Mountpoint", .string(volume.path)),
                .init("CreatedAt", GoTime(nanoseconds: volume.created).value), .init("Labels", .map([])),
                .init("Scope", "local"), .init("Options", .map([])),
                .init("Anonymous", json: "Anonymous", omitEmpty: true, .bool(volume.isAnonymous)),
                .init("MountCount", 0),
            ], typeName: "define.InspectVolumeData")
    }
}
